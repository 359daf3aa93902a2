/** Our decoders by themselves, from `httpx-wasm/core` of the packed package: `decodeSync`, or a `DecoderStream`. */
export async function open({ coding, inPieces, ourEntry }) {
  const { DecoderStream, decodeSync } = await import(new URL('core.mjs', ourEntry));
  if (!inPieces) return ({ octets }, take) => void take(decodeSync(coding, octets));
  return async ({ pieces }, take) => {
    const source = new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
    for await (const piece of source.pipeThrough(new DecoderStream(coding))) take(piece);
  };
}
