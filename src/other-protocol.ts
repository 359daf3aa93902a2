/**
 * What a peer speaks that does not speak what it is spoken to, by its very first octet: the most frequent mistakes are a port
 * of TLS, and a version of HTTP that was not to be asked for. A guess for messages; nothing is decided by it.
 */

/** A TLS record of an alert, or of a handshake (RFC 8446 §5.1). */
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
/** 'H' of a status line (RFC 9112 §4). */
const STATUS_LINE = 0x48;
/** The length of SETTINGS, the frame that begins HTTP/2, is below 65536 (RFC 9113 §3.4, §4.1). */
const FRAME_LENGTH = 0x00;

/** What is to be added to a message about a peer that sent `first`, where HTTP/2 was spoken or not; '' if that says nothing. */
export function otherProtocol(first: number, isHttp2: boolean): string {
  if (first === TLS_ALERT || first === TLS_HANDSHAKE) return '; it seems to speak TLS: write https:// in the URL';
  if (isHttp2 && first === STATUS_LINE) return '; it seems to speak HTTP/1.1: do not set http1 to false';
  if (!isHttp2 && first === FRAME_LENGTH) {
    return '; it seems to speak HTTP/2 alone: set http2 to true and, for a URL with http://, http1 to false';
  }
  return '';
}
