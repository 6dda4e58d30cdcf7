import { watchClock } from './clock-watch';

const HOUR_MS = 3_600_000;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['performance'] });
  jest.spyOn(performance, 'now').mockImplementation(() => steady);
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

let steady = 0;

/** Some seconds pass, while somebody sets the clock. */
function pass(seconds: number, setBy = 0): void {
  for (let second = 0; second < seconds; second++) {
    steady += 1000;
    jest.advanceTimersByTime(1000);
  }
  jest.setSystemTime(Date.now() + setBy);
}

test('tells of a clock that is set back, and by how much, and of nothing else', () => {
  const told: number[] = [];
  const stop = watchClock((byMs) => told.push(byMs));
  pass(10);
  pass(1, HOUR_MS);
  pass(1, -1000);
  pass(1);
  expect(told).toEqual([]);
  pass(1, -HOUR_MS);
  pass(2);
  expect(told).toEqual([HOUR_MS]);
  stop();
  pass(1, -HOUR_MS);
  pass(2);
  expect(told).toHaveLength(1);
});
