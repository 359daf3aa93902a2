/**
 * The progress of a download as one line of a terminal, drawn again over itself: how much, how fast, how long still. Drawn
 * when octets come, at most ten times a second, and when who has it says so: it has no clock of its own.
 */
import { visibleLine } from './escaping.js';
import type { OutputStream } from './system.js';

/** Where a download stands. */
export interface Progress {
  readonly received: number;
  /** `null`: the server did not say. */
  readonly total: number | null;
  readonly octetsPerSecond: number;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];
const BAR_COLUMNS_MIN = 10;
const BAR_COLUMNS_MAX = 40;
const NAME_COLUMNS_MAX = 40;
/** Of a terminal that does not know, or says 0, as those without a window do. */
const COLUMNS = 80;

/** Who has to wait longer than this is told nothing: the rate is as good as none. */
const SECONDS_MAX = 100 * 3600;

const DRAW_EVERY_MS = 100;
/** How much of the old rate stays in the new one. */
const INERTIA = 0.8;
/** Back to the first column; and clear what is to the right. */
const TO_START = '\r';
const CLEAR_REST = '\x1b[K';

/** A number of octets as people read it: `4.2 MB`. */
export function sizeText(octets: number): string {
  let unit = 0;
  let size = octets;
  while (size >= 999.95 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

function durationText(seconds: number): string {
  if (!(seconds < SECONDS_MAX)) return '-:--';
  const whole = Math.ceil(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Columns that text takes at the most: East Asian scripts and emoji take two for a character. */
function columnsOf(text: string): number {
  return text.length + (text.match(/[\u1100-\uffff]/g)?.length ?? 0);
}

/** As many of the first characters as fit: none into no columns, or fewer. */
function fitted(text: string, columns: number): string {
  let room = columns;
  let fits = '';
  for (const character of text) {
    room -= columnsOf(character);
    if (room < 0) break;
    fits += character;
  }
  return fits;
}

function titleOf(name: string): string {
  const title = visibleLine(name);
  return columnsOf(title) > NAME_COLUMNS_MAX ? `${fitted(title, NAME_COLUMNS_MAX - 1)}…` : title;
}

/** The line: name, share, bar, size, rate, time left; without share, bar and time where the total is not known. */
export function progressLine(name: string, progress: Progress, columns: number): string {
  const { received, total, octetsPerSecond } = progress;
  const title = titleOf(name);
  const rate = `${sizeText(octetsPerSecond)}/s`;
  if (total === null) return fitted([title, sizeText(received), rate].join('  '), columns);
  const share = total === 0 ? 1 : Math.min(1, received / total);
  const left = durationText((total - received) / octetsPerSecond);
  const size = `${sizeText(received)} of ${sizeText(total)}`;
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const words = [title, percent, size, rate, share === 1 ? '' : `${left} left`].filter((word) => word !== '');
  const room = columns - columnsOf(words.join('  ')) - 2;
  if (room < BAR_COLUMNS_MIN) return fitted(words.join('  '), columns);
  const width = Math.min(room, BAR_COLUMNS_MAX);
  const done = Math.round(share * width);
  return [title, percent, `${'━'.repeat(done)}${'╌'.repeat(width - done)}`, ...words.slice(2)].join('  ');
}

/** Draws the line on a terminal. */
export class ProgressBar {
  readonly #stream: OutputStream;
  readonly #name: string;
  readonly #total: number | null;
  readonly #now: () => number;
  #received = 0;
  #octetsPerSecond = 0;
  #drawnAt: number;
  #drawnReceived = 0;
  readonly #startedAt: number;

  constructor(stream: OutputStream, name: string, total: number | null, now: () => number) {
    this.#stream = stream;
    this.#name = name;
    this.#total = total;
    this.#now = now;
    this.#startedAt = now();
    this.#drawnAt = this.#startedAt;
    this.#draw();
  }

  /** `received`: octets so far, as they came over the wire. */
  update(received: number): void {
    this.#received = received;
    const now = this.#now();
    const sinceMs = now - this.#drawnAt;
    if (sinceMs < DRAW_EVERY_MS) return;
    const rate = ((received - this.#drawnReceived) / sinceMs) * 1000;
    this.#octetsPerSecond = this.#octetsPerSecond === 0 ? rate : this.#octetsPerSecond * INERTIA + rate * (1 - INERTIA);
    this.#drawnAt = now;
    this.#drawnReceived = received;
    this.#draw();
  }

  /** To be called when nothing has come for a while: the rate falls, and the time left grows. */
  wait(): void {
    this.update(this.#received);
  }

  /** The last line, with the average rate; what comes after stands below it. */
  end(): void {
    const tookMs = Math.max(1, this.#now() - this.#startedAt);
    this.#octetsPerSecond = (this.#received / tookMs) * 1000;
    this.#draw();
    this.#stream.write('\n');
  }

  #draw(): void {
    const columns = this.#stream.columns || COLUMNS;
    const progress = { received: this.#received, total: this.#total, octetsPerSecond: this.#octetsPerSecond };
    this.#stream.write(`${TO_START}${progressLine(this.#name, progress, columns - 1)}${CLEAR_REST}`);
  }
}
