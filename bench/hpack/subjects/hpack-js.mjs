/** hpack.js, which spdy-transport uses: streams that are written to and read from at once. */
import hpack from 'hpack.js';

const TABLE = { table: { maxSize: 4096, size: 4096 } };

export async function open() {
  return {
    decoderOf() {
      const decoder = hpack.decompressor.create(TABLE);
      decoder.on('error', (error) => {
        throw error;
      });
      const read = (block, take) => {
        decoder.write(block);
        decoder.execute();
        for (let field = decoder.read(); field !== null; field = decoder.read()) take(field);
      };
      return {
        fields(block) {
          const fields = [];
          read(block, ({ name, value }) => fields.push([name, value]));
          return fields;
        },
        count(block) {
          let count = 0;
          read(block, () => count++);
          return count;
        },
      };
    },
    listOf: (list) => list.map(([name, value]) => ({ name, value })),
    encoderOf() {
      const encoder = hpack.compressor.create(TABLE);
      const encode = (list) => {
        encoder.write(list);
        return encoder.read();
      };
      return { encode, size: (list) => encode(list).length };
    },
  };
}
