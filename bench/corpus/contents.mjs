/** Contents to be framed or coded: JSON as an API lists records, English-like text, octets without any order. */
import { HEXADECIMAL, Random } from './random.mjs';

const NAMES = ['ada', 'grace', 'edsger', 'barbara', 'donald', 'tony', 'niklaus', 'frances', 'john', 'radia'];
const CITIES = ['Lisbon', 'Nairobi', 'Kyoto', 'Oslo', 'Quito', 'Leipzig', 'Perth', 'Montreal'];
const WORDS =
  'the a of and to in is that for it as was with on be by at from or an this which not are but have has had one all were when we there can if no will would each about how up out them then she many some so these other into more her two like him see time could people make than first been its who now my made over did down only way find use may water long little very after words called just where most know'.split(
    ' ',
  );

const encoder = new TextEncoder();

/** One record of an API's list. */
function recordOf(random, id) {
  const name = random.pick(NAMES);
  return {
    id,
    uuid: random.text(32, HEXADECIMAL),
    name,
    email: `${name}.${random.below(10000)}@example.org`,
    city: random.pick(CITIES),
    active: random.below(2) === 1,
    score: random.below(100000) / 100,
    tags: Array.from({ length: random.below(4) }, () => random.pick(WORDS)),
  };
}

/** A JSON array cut to exactly `octets` (the cut may fall anywhere: nobody parses it). */
export function jsonOf(octets, seed = 0x6a736f6e) {
  const random = new Random(seed);
  let text = '[';
  for (let id = 1; text.length < octets; id++) text += `${id === 1 ? '' : ','}${JSON.stringify(recordOf(random, id))}`;
  return encoder.encode(text.slice(0, octets));
}

export function proseOf(octets) {
  const random = new Random(0x70726f73);
  let text = '';
  while (text.length < octets) {
    const words = Array.from({ length: 4 + random.below(14) }, () => random.pick(WORDS));
    text += `${words.join(' ')}.${random.below(6) === 0 ? '\n\n' : ' '}`;
  }
  return encoder.encode(text.slice(0, octets));
}

export function noiseOf(octets) {
  const random = new Random(0x6e6f6973);
  return Uint8Array.from({ length: octets }, () => random.below(256));
}
