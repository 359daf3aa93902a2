/** Windows of HTTP/2 as large as ours has them by default, so that a download of other clients need not wait for credit. */
export const STREAM_WINDOW = 4 * 2 ** 20;
export const CONNECTION_WINDOW = 32 * 2 ** 20;
