/** Colours, by what a piece of text is. Whether there are any is the platform's word (a terminal, NO_COLOR, FORCE_COLOR). */
import { styleText } from 'node:util';
import type { OutputStream } from './system.js';

/** What a piece of text is. */
export type Part = 'version' | 'good' | 'other' | 'bad' | 'method' | 'name' | 'note' | 'key' | 'string' | 'literal';

/** Text with the colours of what it is. */
export type Paint = (part: Part, text: string) => string;

const STYLES = {
  version: 'blue',
  good: 'green',
  other: 'yellow',
  bad: 'red',
  method: ['bold', 'green'],
  name: 'cyan',
  note: 'dim',
  key: 'blue',
  string: 'green',
  literal: 'magenta',
} as const satisfies Record<Part, unknown>;

/** No colours. */
export const plain: Paint = (_part, text) => text;

/** What stands before and behind a part, asked for once: a body may have millions of them. */
const CODES = new Map(
  Object.entries(STYLES).map(([part, style]) => {
    const sample = styleText(style as Parameters<typeof styleText>[0], 'x', { validateStream: false });
    const [before = '', behind = ''] = sample.split('x');
    return [part as Part, { before, behind }] as const;
  }),
);

/** Colours, whoever looks. */
export const coloured: Paint = (part, text) => {
  const codes = CODES.get(part);
  return text === '' || codes === undefined ? text : `${codes.before}${text}${codes.behind}`;
};

/** Colours if the stream leads to somebody who wants to see them. */
export function paintFor(stream: OutputStream): Paint {
  return styleText('bold', 'x', { stream }) === 'x' ? plain : coloured;
}
