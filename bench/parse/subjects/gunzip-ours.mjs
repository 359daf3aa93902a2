/**
 * Our decoder through the package's public API: the content of a Response with Content-Encoding: gzip. Whole, or, when it
 * comes in pieces, as its aiterBytes() hands it out.
 */
export async function open({ octets, pieces, ourEntry }) {
  const { Response } = await import(ourEntry);
  const headers = { 'Content-Encoding': 'gzip' };

  async function* stream() {
    yield* pieces;
  }

  return {
    /** Decodes once; the content goes to `take` in pieces. */
    async decode(take) {
      if (pieces === null) take(new Response(200, { headers, content: octets }).content);
      else for await (const piece of new Response(200, { headers, content: stream() }).aiterBytes()) take(piece);
    },
  };
}
