/**
 * Dates in Set-Cookie (RFC 6265bis §5.1.1): whatever order and punctuation servers have come up with. Knows no clock, no
 * locale and no zone: what stands there is UTC.
 */

const DELIMITERS = /[\t\x20-\x2f;-@[-`{-~]+/;
const TIME = /^([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[^0-9]|$)/;
const DAY = /^([0-9]{1,2})(?:[^0-9]|$)/;
const YEAR = /^([0-9]{2,4})(?:[^0-9]|$)/;
const ISO = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?Z$/;
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAY_MS = 86_400_000;
const DAYS_TO_1970 = 719_468;

interface Found {
  time: RegExpExecArray | null;
  day: number | null;
  month: number | null;
  year: number | null;
}

/** Milliseconds since 1970; `null` for what is no date. */
export function cookieDateMs(text: string): number | null {
  const found: Found = { time: null, day: null, month: null, year: null };
  for (const token of text.split(DELIMITERS)) take(token, found);
  const { time, day, month, year } = found;
  if (time === null || day === null || month === null || year === null) return null;
  const [hour, minute, second] = [Number(time[1]), Number(time[2]), Number(time[3])];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const full = year > 99 ? year : year < 70 ? year + 2000 : year + 1900;
  if (full < 1601 || day < 1 || day > daysOf(full, month)) return null;
  return daysSince1970(full, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** Milliseconds since 1970 of a date as `toISOString` writes it; `null` for any other. */
export function isoDateMs(text: string): number | null {
  const found = ISO.exec(text);
  if (found === null) return null;
  const [, year, month, day, time] = found;
  return cookieDateMs(`${day} ${MONTHS[Number(month) - 1]} ${year} ${time}`);
}

/** Each part is the first token that can be it. */
function take(token: string, found: Found): void {
  if (found.time === null) {
    found.time = TIME.exec(token);
    if (found.time !== null) return;
  }
  if (found.day === null) {
    const day = DAY.exec(token);
    if (day !== null) {
      found.day = Number(day[1]);
      return;
    }
  }
  if (found.month === null) {
    const month = MONTHS.indexOf(token.slice(0, 3).toLowerCase());
    if (month >= 0) {
      found.month = month + 1;
      return;
    }
  }
  if (found.year === null) {
    const year = YEAR.exec(token);
    if (year !== null) found.year = Number(year[1]);
  }
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Of the Gregorian calendar, by years that begin in March, so that the leap day is the last of its year. */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - DAYS_TO_1970;
}
