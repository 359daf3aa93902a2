/**
 * Field blocks that can be decoded over and over on one connection: the first of them empties the table, as if the encoder had
 * been told to. Our encoder makes them; all decode the same.
 */
const TABLE_OCTETS = 4096;

/**
 * @param lists of [name, value]
 * @param {() => { encode(list): Uint8Array, allow(octets): void }} encoderOf a new encoder
 * @returns a block for each list
 */
export function blocksOf(lists, encoderOf) {
  const encoder = encoderOf();
  encoder.allow(0);
  encoder.allow(TABLE_OCTETS);
  return lists.map((list) => encoder.encode(list));
}

const u32 = (value) => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(value);
  return octets;
};
const counted = (octets) => [u32(octets.length), octets];

/** The blocks as the C program reads them. */
export function fileOfBlocks(blocks) {
  return Buffer.concat([u32(blocks.length), ...blocks.flatMap(counted)]);
}

/** Field lists as the C program reads them. */
export function fileOfLists(lists) {
  const text = (value) => counted(Buffer.from(value, 'latin1'));
  const parts = lists.flatMap((list) => [
    u32(list.length),
    ...list.flatMap(([name, value]) => [...text(name), ...text(value)]),
  ]);
  return Buffer.concat([u32(lists.length), ...parts]);
}
