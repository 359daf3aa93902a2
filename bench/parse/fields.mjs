/** What any parser must find in a head: the number of its fields, and a hash of all names (lower case) and values. */

/** 32-bit hash (FNV-1a) over "name:value\n" of every field, in order. */
export function hashOfFields(fields) {
  let hash = 0x811c9dc5;
  for (const [name, value] of fields) {
    const line = Buffer.from(`${name.toLowerCase()}:${value}\n`, 'latin1');
    for (const octet of line) hash = Math.imul(hash ^ octet, 0x01000193);
  }
  return hash >>> 0;
}

/** The fields of a head of our corpus, by plain splitting. */
export function fieldsOfText(text) {
  return text
    .split('\r\n')
    .slice(1, -2)
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
}

/** The fields of a list that alternates names and values. */
export function fieldsOfPairs(list) {
  return Array.from({ length: list.length / 2 }, (_, index) => [list[index * 2], list[index * 2 + 1]]);
}
