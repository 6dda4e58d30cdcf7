import pino from 'pino';
import { makeStatus } from '../../../test/support/model/status';
import type { ToldState } from '../../model/told-state';
import { StateTeller } from './state-teller';

const log = pino({ level: 'silent' });
const told = (name: string, sequence: number): ToldState => ({
  status: { ...makeStatus(name), sequence },
  at: new Date(sequence * 1000).toISOString(),
});

/** A catalog that answers when it is told to, and fails while it is broken. */
class SlowCatalog {
  readonly written: [string, number][][] = [];
  isBroken = false;
  private readonly waiting: (() => void)[] = [];

  async recordStates(states: readonly ToldState[]): Promise<void> {
    await new Promise<void>((done) => this.waiting.push(done));
    if (this.isBroken) throw new Error('the catalog is away');
    this.written.push(states.map(({ status }) => [status.name, status.sequence]));
  }

  async answer(): Promise<void> {
    await turns();
    this.waiting.shift()?.();
    await turns();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await turns();
  return done;
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('whoever tells waits until it is written, and not for what is told later', async () => {
  const catalog = new SlowCatalog();
  const teller = new StateTeller(catalog, log);
  const first = teller.tell(told('wiki', 1));
  await turns();
  const second = teller.tell(told('wiki', 2));
  const other = teller.tell(told('mail', 1));
  expect(await isDone(first)).toBe(false);
  await catalog.answer();
  expect([await isDone(first), await isDone(second), await isDone(other)]).toEqual([true, false, false]);
  await catalog.answer();
  expect([await isDone(second), await isDone(other)]).toEqual([true, true]);
  expect(catalog.written).toEqual([
    [['wiki', 1]],
    [
      ['wiki', 2],
      ['mail', 1],
    ],
  ]);
});

test('of what comes while it writes, the newest of each is written alone', async () => {
  const catalog = new SlowCatalog();
  const teller = new StateTeller(catalog, log);
  void teller.tell(told('wiki', 1));
  await turns();
  for (const sequence of [2, 3, 4]) void teller.tell(told('wiki', sequence));
  await catalog.answer();
  await catalog.answer();
  expect(catalog.written).toEqual([[['wiki', 1]], [['wiki', 4]]]);
});

test('nobody waits for a catalog that is away, and nothing that was told is lost', async () => {
  const catalog = new SlowCatalog();
  const teller = new StateTeller(catalog, log);
  catalog.isBroken = true;
  const first = teller.tell(told('wiki', 1));
  await catalog.answer();
  expect(await isDone(first)).toBe(true);
  expect(await isDone(teller.tell(told('mail', 7)))).toBe(true);
  void teller.tell(told('wiki', 2));
  await catalog.answer();
  catalog.isBroken = false;
  await jest.advanceTimersByTimeAsync(1000);
  await catalog.answer();
  await catalog.answer();
  expect(Object.fromEntries(catalog.written.flat())).toEqual({ wiki: 2, mail: 7 });
});

test('a catalog that hangs is waited for as long as a task can spare', async () => {
  const teller = new StateTeller(new SlowCatalog(), log);
  const waiting = teller.tell(told('wiki', 1));
  await jest.advanceTimersByTimeAsync(1999);
  expect(await isDone(waiting)).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(await isDone(waiting)).toBe(true);
  // Not by each task anew.
  expect(await isDone(teller.tell(told('wiki', 2)))).toBe(true);
});
