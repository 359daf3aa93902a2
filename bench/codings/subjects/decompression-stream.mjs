/** The runtime's own `DecompressionStream`, fed and read as ours is. */
export async function open({ coding }) {
  return async ({ pieces }, take) => {
    const source = new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
    for await (const piece of source.pipeThrough(new DecompressionStream(coding))) take(piece);
  };
}
