/** Our decoders as the client uses them: `content` of a Response with this Content-Encoding, or what its `aiterBytes()` hands out. */
export async function open({ coding, ourEntry }) {
  const { Response } = await import(ourEntry);
  const headers = { 'Content-Encoding': coding };

  async function* stream(pieces) {
    yield* pieces;
  }

  return async ({ octets, pieces }, take) => {
    if (pieces === null) take(new Response(200, { headers, content: octets }).content);
    else for await (const piece of new Response(200, { headers, content: stream(pieces) }).aiterBytes()) take(piece);
  };
}
