/** What users of clients that decode nothing write themselves: the body through a stream of node:zlib, with default options. */
import { createBrotliDecompress, createGunzip } from 'node:zlib';

const DECODERS = { gzip: createGunzip, br: createBrotliDecompress };

/** The stream that decodes a content coding. */
export const decoderOf = (coding) => DECODERS[coding]();

/** The body itself where it is not coded. */
export function decodedBody(body, coding) {
  if (coding === undefined) return body;
  const decoder = decoderOf(coding);
  body.on('error', (error) => decoder.destroy(error));
  return body.pipe(decoder);
}
