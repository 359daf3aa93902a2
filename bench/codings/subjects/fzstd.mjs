/** fzstd: `decompress`, or a `Decompress` that is pushed to. */
import { Decompress, decompress } from 'fzstd';

export async function open({ inPieces }) {
  if (!inPieces) return ({ octets }, take) => void take(decompress(octets));
  return ({ pieces }, take) => {
    const stream = new Decompress((piece) => take(piece));
    for (const [index, piece] of pieces.entries()) stream.push(piece, index === pieces.length - 1);
  };
}
