import { setTimeout as sleep } from 'node:timers/promises';
import { Turns } from './turns';

const never = new AbortController().signal;

test('no more run at once than there are turns, and each gets its own in order', async () => {
  const turns = new Turns({ short: 3 });
  let running = 0;
  let most = 0;
  const started: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      turns.run('receive', never, async () => {
        started.push(index);
        most = Math.max(most, ++running);
        await sleep(5);
        running--;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(started).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test('long steps keep no short one waiting', async () => {
  const turns = new Turns({ short: 1, long: 1 });
  let finish = (): void => undefined;
  const transfer = turns.run('transfer', never, () => new Promise<void>((done) => (finish = done)));
  expect(await turns.run('receive', never, () => Promise.resolve('done'))).toBe('done');
  finish();
  await transfer;
});

test('a step that is cancelled while it waits never runs, and takes nobody else his turn', async () => {
  const turns = new Turns({ short: 1 });
  let finish = (): void => undefined;
  const first = turns.run('receive', never, () => new Promise<void>((done) => (finish = done)));
  const cancel = new AbortController();
  const ran: string[] = [];
  const second = turns.run('receive', cancel.signal, () => Promise.resolve(ran.push('second')));
  const third = turns.run('receive', never, () => Promise.resolve(ran.push('third')));
  cancel.abort(new Error('cancelled'));
  await expect(second).rejects.toThrow('cancelled');
  finish();
  await first;
  await third;
  expect(ran).toEqual(['third']);
});

test('a step that fails gives its turn back', async () => {
  const turns = new Turns({ short: 1 });
  await expect(turns.run('receive', never, () => Promise.reject(new Error('broken')))).rejects.toThrow(
    'broken',
  );
  expect(await turns.run('receive', never, () => Promise.resolve(1))).toBe(1);
});
