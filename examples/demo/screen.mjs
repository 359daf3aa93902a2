// What the demo prints: a heading and a verdict per scene, and a progress bar where there is a terminal to draw it on.
const BAR_CELLS = 30;
const REDRAW_MS = 50;
const isTerminal = process.stdout.isTTY === true;
const paint = (code, text) => (isTerminal && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text);

export const megabytes = (octets) => `${(octets / 2 ** 20).toFixed(0)} MB`;

/** A scene's name, before it begins. */
export function heading(title) {
  console.log(`\n${paint(1, title)}`);
}

/** One line of what happened. */
export function note(text) {
  console.log(`  ${text}`);
}

/** The scene's verdict. */
export function verdict(isRight, text) {
  console.log(`  ${isRight ? paint(32, '✓') : paint(31, '✗')} ${text}`);
}

/** A bar for `total` octets: `bar.show(done, remark)` as often as you like, `bar.end()` once. Without a terminal: quarters. */
export function progressBar(total) {
  let drawnAt = 0;
  let quarters = 0;
  const line = (done, remark) => {
    const cells = Math.round((done / total) * BAR_CELLS);
    const percent = `${Math.floor((done / total) * 100)}`.padStart(3);
    return `${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)} ${percent} %  ${remark}`;
  };
  return {
    show(done, remark) {
      if (isTerminal) {
        const now = performance.now();
        if (done < total && now - drawnAt < REDRAW_MS) return;
        drawnAt = now;
        process.stdout.write(`\r  ${line(done, remark)}\x1b[K`);
      } else if (Math.floor((done / total) * 4) > quarters) {
        quarters = Math.floor((done / total) * 4);
        note(line(done, remark));
      }
    },
    end() {
      if (isTerminal) process.stdout.write('\n');
    },
  };
}
