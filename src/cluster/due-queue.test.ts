import { DueQueue } from './due-queue';

const none = new Set<string>();

test('what is due is taken once, the one that is due longest first', () => {
  const queue = new DueQueue();
  queue.add('b', 20);
  queue.add('a', 10);
  queue.add('c', 99);
  expect([queue.take(50, none), queue.take(50, none), queue.take(50, none)]).toEqual(['a', 'b', undefined]);
  expect(queue.next(none)).toBe(99);
});

test('of two times for one key, the earlier counts', () => {
  const queue = new DueQueue();
  queue.add('a', 30);
  queue.add('a', 10);
  queue.add('a', 20);
  expect(queue.next(none)).toBe(10);
  expect(queue.take(10, none)).toBe('a');
  expect(queue.next(none)).toBeUndefined();
});

test('what is at work is neither taken nor waited for', () => {
  const queue = new DueQueue();
  queue.add('a', 10);
  queue.add('b', 20);
  const atWork = new Set(['a']);
  expect(queue.take(10, atWork)).toBeUndefined();
  expect(queue.next(atWork)).toBe(20);
});
