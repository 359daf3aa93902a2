/** What a peer says with an error code of HTTP/2, in words. */

/** Names of the error codes of HTTP/2, by number (RFC 9113 §7). */
const ERROR_NAMES: readonly string[] = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

/** An error code by its name, or by its number if nobody knows it. */
export function errorCodeName(code: number): string {
  return ERROR_NAMES[code] ?? `0x${code.toString(16)}`;
}

/** GOAWAY in words: its error code, and the debug data that came with it, one octet a code unit, fit to be seen. */
export function goawayInWords(code: number, debug: string): string {
  const name = errorCodeName(code);
  if (debug === '') return `GOAWAY (${name})`;
  const visible = debug.replace(/[^\x20-\x7e]|["\\]/g, (each) =>
    each < ' ' || each > '~' ? `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}` : `\\${each}`,
  );
  return `GOAWAY (${name}: "${visible}")`;
}
