/** fflate: `gunzipSync`, or a `Gunzip` that is pushed to. It does not look at the checksum. */
import { Gunzip, gunzipSync } from 'fflate';

export async function open({ inPieces }) {
  if (!inPieces) return ({ octets }, take) => void take(gunzipSync(octets));
  return ({ pieces }, take) => {
    const gunzip = new Gunzip((piece) => take(piece));
    for (const [index, piece] of pieces.entries()) gunzip.push(piece, index === pieces.length - 1);
  };
}
