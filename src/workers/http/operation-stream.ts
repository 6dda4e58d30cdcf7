/** An operation at each change, as server-sent events. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { tellError } from '../../client/exit-codes';
import type { OperationView } from '../../api/operation-view';

const LOOK_EVERY_MS = 1000;
/** Whatever is in between closes a connection on which nothing comes. */
const ALIVE_EVERY_MS = 15_000;
const MOST_STREAMS = 100;

/** Those that are watched now: each costs calls of Temporal every second. */
export class Streams {
  private readonly open = new Set<Readable>();

  /** Undefined where there are too many. */
  start(look: () => Promise<OperationView>, first: OperationView): Readable | undefined {
    if (this.open.size >= MOST_STREAMS) return undefined;
    const stream = Readable.from(streamOperation(look, first));
    this.open.add(stream);
    return stream.once('close', () => this.open.delete(stream));
  }

  end(): void {
    for (const stream of this.open) stream.destroy();
  }
}

const eventOf = (view: OperationView) => `event: operation\ndata: ${JSON.stringify(view)}\n\n`;

/** Nobody could say for so long how it is: whoever watches is told that, and may ask again. */
const MOST_TROUBLE_MS = 60_000;

/** Ends with what is no longer running. One look that fails is no end: the next may not. */
export async function* streamOperation(
  look: () => Promise<OperationView>,
  first: OperationView,
): AsyncGenerator<string> {
  let [view, toldAtMs, seenAtMs] = [first, Date.now(), Date.now()];
  let told = eventOf(first);
  yield told;
  while (view.state === 'running') {
    await sleep(LOOK_EVERY_MS);
    try {
      view = await look();
      seenAtMs = Date.now();
    } catch (error) {
      if (Date.now() - seenAtMs < MOST_TROUBLE_MS) continue;
      const { type, message } = tellError(error);
      yield `event: trouble\ndata: ${JSON.stringify({ title: type, detail: message })}\n\n`;
      return;
    }
    const event = eventOf(view);
    const isQuiet = event === told;
    if (isQuiet && Date.now() - toldAtMs < ALIVE_EVERY_MS) continue;
    [told, toldAtMs] = [event, Date.now()];
    yield isQuiet ? ': it goes on\n\n' : event;
  }
}
