import type { Progress } from '../model/records';
import { readProgress, sumProgress } from './follow';

const progress = (part: Partial<Progress>): Progress => ({
  phase: 'transferring',
  bytesDone: 0,
  filesDone: 0,
  rateBytesPerSecond: 0,
  ...part,
});

test('transfers to several targets are shown as one: bytes and rates add up, the slowest decides the end', () => {
  const sum = sumProgress([
    progress({ bytesDone: 100, bytesTotal: 200, filesDone: 1, rateBytesPerSecond: 10, etaSeconds: 10 }),
    progress({ bytesDone: 50, bytesTotal: 200, filesDone: 2, rateBytesPerSecond: 5, etaSeconds: 30 }),
  ]);
  expect(sum).toEqual(
    progress({
      bytesDone: 150,
      bytesTotal: 400,
      percent: 37.5,
      filesDone: 3,
      rateBytesPerSecond: 15,
      etaSeconds: 30,
    }),
  );
});

test('a total that one of them does not know yet is not made up', () => {
  const sum = sumProgress([progress({ bytesDone: 1, bytesTotal: 2 }), progress({ bytesDone: 1 })]);
  expect(sum).not.toHaveProperty('bytesTotal');
  expect(sum).not.toHaveProperty('percent');
});

test("progress is read from a transfer's heartbeat, and from nothing else", () => {
  const beat = (name: string, text: string) => ({
    activityType: { name },
    heartbeatDetails: { payloads: [{ data: Buffer.from(text) }] },
  });
  const text = JSON.stringify(progress({ bytesDone: 7 }));
  expect(readProgress(beat('transfer', text))?.bytesDone).toBe(7);
  expect(readProgress(beat('publish', text))).toBeUndefined();
  expect(readProgress(beat('transfer', 'not JSON'))).toBeUndefined();
  expect(readProgress({ activityType: { name: 'transfer' } })).toBeUndefined();
});
