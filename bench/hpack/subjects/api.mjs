/** `HpackDecoder` and `HpackEncoder` of the packed package: what a user gets, names and values as strings. */

export async function open({ ourEntry }) {
  const { HpackDecoder, HpackEncoder } = await import(new URL('core.mjs', ourEntry));
  return {
    decoderOf() {
      const decoder = new HpackDecoder();
      return {
        fields: (block) => decoder.decode(block),
        count: (block) => decoder.decode(block).length,
      };
    },
    listOf: (list) => list,
    encoderOf() {
      const encoder = new HpackEncoder();
      return {
        allow: (octets) => encoder.allow(octets),
        encode: (list) => encoder.encode(list),
        size: (list) => encoder.encode(list).length,
      };
    },
  };
}
