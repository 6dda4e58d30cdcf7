/** Shows what set-up is doing while it does it: one line per step, alive on a terminal, plain without. */
import { clearInterval, setInterval } from 'node:timers';

const live = Boolean(process.stdout.isTTY) && process.env.TERM !== 'dumb' && !process.env.CI;

function elapsed(since) {
  const seconds = (Date.now() - since) / 1000;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

/** A step that could not be done. The message says what to do; no stack trace is shown. */
export class SetUpError extends Error {}

/** Takes steps one after another. `act` gets `say(text)`, and returns what to show as the result, if anything. */
export class Steps {
  #number = 0;

  constructor(total) {
    this.total = total;
  }

  async take(title, act) {
    const head = `[${++this.#number}/${this.total}] ${title}`;
    const since = Date.now();
    let doing = '';
    const draw = () =>
      process.stdout.write(`\r\x1b[2K${head} … ${doing} (${elapsed(since)})`.replace('…  (', '… ('));
    const say = (text) => {
      if (text === doing) return;
      doing = text;
      if (live) draw();
      else process.stdout.write(`${head} … ${text}\n`);
    };
    const timer = live ? setInterval(draw, 200) : undefined;
    try {
      const result = (await act(say)) ?? 'done';
      process.stdout.write(`${live ? '\r\x1b[2K' : ''}${head} … ${result} (${elapsed(since)})\n`);
    } catch (error) {
      process.stdout.write(`${live ? '\r\x1b[2K' : ''}${head} … failed (${elapsed(since)})\n`);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }
}
