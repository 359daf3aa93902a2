/** pako: `ungzip`, or an `Inflate` that is pushed to and hands its output on instead of gathering it. */
import { Inflate, ungzip } from 'pako';

export async function open({ inPieces }) {
  if (!inPieces) return ({ octets }, take) => void take(ungzip(octets));
  return ({ pieces }, take) => {
    const inflate = new Inflate();
    inflate.onData = take;
    inflate.onEnd = () => {};
    for (const [index, piece] of pieces.entries()) inflate.push(piece, index === pieces.length - 1);
    if (inflate.err !== 0) throw new Error(`Cannot decode: pako says ${inflate.err} ${inflate.msg}`);
  };
}
