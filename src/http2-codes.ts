/** Error codes of HTTP/2 by name (RFC 9113 §7). */

const NAMES = [
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
] as const;

/** The peer wants the request on HTTP/1.1. */
export const HTTP_1_1_REQUIRED = 13;

/** The name of an error code; of an unknown one, its number. */
export function errorCodeName(code: number): string {
  return NAMES[code] ?? `error code ${code}`;
}
