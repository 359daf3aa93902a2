/** More contents to be coded, made from seeds: HTML as a shop renders it, JavaScript as bundlers leave it, records of numbers. */
import { noiseOf, proseOf } from './contents.mjs';
import { BASE64URL, HEXADECIMAL, Random } from './random.mjs';

const encoder = new TextEncoder();
const CLASSES = ['card', 'card-title', 'card-price', 'badge', 'row', 'col', 'link', 'muted', 'thumb', 'nav-item'];
const NOUNS = ['lamp', 'chair', 'kettle', 'notebook', 'tent', 'bicycle', 'camera', 'jacket', 'shelf', 'watch'];
const ADJECTIVES = ['small', 'green', 'folding', 'wooden', 'light', 'steel', 'quiet', 'round', 'classic', 'warm'];
const NAMES = [
  'state',
  'props',
  'index',
  'result',
  'options',
  'callback',
  'value',
  'node',
  'parent',
  'offset',
  'cache',
];
const METHODS = ['push', 'slice', 'map', 'filter', 'indexOf', 'concat', 'forEach', 'hasOwnProperty', 'toString'];

/** `part(random, count)` again and again, cut to exactly `octets`, all of them ASCII. */
function repeated(octets, seed, part) {
  const random = new Random(seed);
  const parts = [];
  let length = 0;
  for (let count = 0; length < octets; count++) {
    const text = part(random, count);
    parts.push(text);
    length += text.length;
  }
  return encoder.encode(parts.join('').slice(0, octets));
}

function itemOf(random, count) {
  const title = `${random.pick(ADJECTIVES)} ${random.pick(NOUNS)}`;
  const path = `/shop/${title.replace(' ', '-')}-${random.below(100000)}`;
  return `
      <div class="${random.pick(CLASSES)} ${random.pick(CLASSES)}" data-id="${count}" data-sku="${random.text(8, HEXADECIMAL)}">
        <a class="link" href="${path}"><img class="thumb" loading="lazy" src="/img/${random.text(12, HEXADECIMAL)}.webp" alt="${title}"></a>
        <h3 class="card-title"><a href="${path}">${title}</a></h3>
        <p class="muted">${random.pick(ADJECTIVES)}, ${random.pick(ADJECTIVES)} and ${random.pick(ADJECTIVES)}</p>
        <span class="card-price">&euro;${random.below(900)}.${10 + random.below(90)}</span>
      </div>`;
}

function functionOf(random, count) {
  const name = `${random.pick(NAMES)}${random.text(2, BASE64URL.slice(0, 52))}`;
  const [first, second] = [random.pick(NAMES), random.pick(NAMES)];
  const steps = Array.from({ length: 1 + random.below(6) }, () => {
    const [left, right] = [random.pick(NAMES), random.pick(NAMES)];
    const method = random.pick(METHODS);
    if (random.below(3) === 0) return `if(${left}.${method}(${right})===${random.below(64)}){return ${right}[${left}]}`;
    return `var ${left}=${right}.${method}(function(${random.pick(NAMES)}){return ${left}+${random.below(1000)}});`;
  });
  return `function ${name}(${first},${second}){${steps.join('')}return ${first}}exports.${name}=${name};/* ${count} */\n`;
}

/** Records of 32 octets: a count, a time that grows, coordinates that wander, flags, a checksum without order. */
function recordsOf(octets) {
  const random = new Random(0x62696e31);
  const data = new DataView(new ArrayBuffer(Math.ceil(octets / 32) * 32));
  let time = 1_700_000_000_000;
  let [east, north] = [8_541_694, 47_376_887];
  for (let at = 0; at < data.byteLength; at += 32) {
    time += 900 + random.below(200);
    east += random.below(2001) - 1000;
    north += random.below(2001) - 1000;
    data.setUint32(at, at / 32, true);
    data.setFloat64(at + 4, time, true);
    data.setInt32(at + 12, east, true);
    data.setInt32(at + 16, north, true);
    data.setUint16(at + 20, random.below(4) === 0 ? random.below(65536) : 0x0101, true);
    data.setUint16(at + 22, random.below(64), true);
    data.setUint32(at + 24, random.below(2 ** 31), true);
  }
  return new Uint8Array(data.buffer, 0, octets);
}

/** By name: the content of exactly so many octets. */
export const DOCUMENTS = new Map([
  ['HTML', (octets) => repeated(octets, 0x68746d6c, itemOf)],
  ['JavaScript', (octets) => repeated(octets, 0x6a736372, functionOf)],
  ['text', proseOf],
  ['binary', recordsOf],
  ['incompressible', noiseOf],
]);
