/**
 * Connections of `h1-scenarios.json` (and of others in that format) as dialogues. An unknown step is an error: a step
 * that is skipped would make a scenario pass that was never played.
 */
import { type Dialogue, dialogue } from './dialogue.js';

/** One step as the vectors write it. */
export type VectorStep = Readonly<Record<string, unknown>>;

const octets = (value: unknown): Buffer => Buffer.from(String(value), 'base64');

/** Longest that a `stall` or an `accept_only` can be told to last in words; the client's limits are far below. */
const translations: Readonly<Record<string, (script: Dialogue, value: unknown) => void>> = {
  recv: (script) => script.hearHead(),
  recv_body_bytes: (script, value) => script.hearOctets(Number(value)),
  send_b64: (script, value) => script.say(octets(value)),
  send_forever_b64: (script, value) => script.sayForever(octets(value)),
  send_gzip_zeros_bytes: (script, value) => script.sayZerosInGzip(Number(value)),
  wait_ms: (script, value) => script.waitMs(Number(value)),
  stall: (script) => script.stall(),
  accept_only: (script) => script.acceptOnly(),
  half_close: (script) => script.fin(),
  expect_client_close_within_ms: (script, value) => script.hearClose(Number(value)),
  close: (script, value) => (value === 'rst' ? script.reset() : script.fin()),
  loop: (script, value) => script.loop(dialogueOf(value as readonly VectorStep[])),
};

/** The dialogue of one connection. @throws when a step is not known. */
export function dialogueOf(steps: readonly VectorStep[]): Dialogue {
  const script = dialogue();
  for (const step of steps) {
    const [name, ...rest] = Object.keys(step);
    const translate = name === undefined ? undefined : translations[name];
    if (name === undefined || translate === undefined || rest.length > 0) {
      throw new Error(`Cannot play step ${JSON.stringify(step)}: it is not known`);
    }
    translate(script, step[name]);
  }
  return script;
}
