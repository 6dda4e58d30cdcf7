import type { Progress } from '../../model/records';
import { ProgressMeter, type ProgressMeterOptions } from './progress';

function meter(options: Pick<ProgressMeterOptions, 'expectedBytes'> = {}) {
  const seen: Progress[] = [];
  const clock = { now: 0 };
  const made = new ProgressMeter({
    now: () => clock.now,
    onProgress: (progress) => seen.push(progress),
    ...options,
  });
  return { seen, clock, made };
}

describe('ProgressMeter', () => {
  it('begins with scanning, before rsync says anything', () => {
    expect(meter({ expectedBytes: 100 }).seen).toEqual([
      { phase: 'scanning', bytesDone: 0, bytesTotal: 100, filesDone: 0, rateBytesPerSecond: 0 },
    ]);
  });

  it('reports at most twice a second', () => {
    const { seen, clock, made } = meter();
    for (; clock.now <= 1000; clock.now += 10) made.update({ bytes: clock.now });
    expect(seen).toHaveLength(1 + 3);
  });

  it('gives rate, share and time left', () => {
    const { seen, clock, made } = meter({ expectedBytes: 4_000_000 });
    clock.now = 1000;
    made.update({ bytes: 1_000_000 });
    expect(seen.at(-1)).toMatchObject({
      phase: 'transferring',
      rateBytesPerSecond: 1_000_000,
      percent: 25,
      etaSeconds: 3,
    });
  });

  it('gives the rate of the last seconds, not of all the time', () => {
    const { seen, clock, made } = meter();
    for (; clock.now < 60_000; clock.now += 1000) made.update({ bytes: clock.now * 100 });
    const before = clock.now * 100;
    for (let i = 0; i < 10; i++, clock.now += 1000) made.update({ bytes: before });
    expect(seen.at(-1)?.rateBytesPerSecond).toBe(0);
  });

  it('knows how many files there are once the tree was scanned, and then that only finishing is left', () => {
    const { seen, clock, made } = meter();
    clock.now = 1000;
    made.update({ bytes: 0, files: { checked: 900, total: 1000, totalIsFinal: true } });
    expect(seen.at(-1)).toMatchObject({
      filesDone: 900,
      filesTotal: 1000,
      phase: 'transferring',
    });
    // Files that were gone through say nothing of the bytes that are left.
    expect(seen.at(-1)).not.toHaveProperty('percent');
    clock.now = 2000;
    made.update({ bytes: 10, files: { checked: 1000, total: 1000, totalIsFinal: true } });
    expect(seen.at(-1)).toMatchObject({ phase: 'finishing', percent: 100, etaSeconds: 0 });
  });

  it('goes on counting where one pass follows another', () => {
    const { seen, clock, made } = meter({ expectedBytes: 100 });
    clock.now = 1000;
    made.update({ bytes: 40 });
    clock.now = 1100;
    made.update({ bytes: 60 });
    made.nextPass(20);
    clock.now = 2000;
    made.update({ bytes: 4 });
    expect(seen.at(-1)).toMatchObject({ bytesDone: 64, bytesTotal: 80, percent: 80 });
    made.nextPass();
    clock.now = 3000;
    made.update({ bytes: 1 });
    expect(seen.at(-1)).not.toHaveProperty('percent');
  });

  it('counts against what has to be sent, once that is known', () => {
    const { seen, clock, made } = meter();
    clock.now = 60_000;
    made.expect(100);
    clock.now = 61_000;
    made.update({ bytes: 50, files: { checked: 10, total: 1000, totalIsFinal: true } });
    expect(seen.at(-1)).toMatchObject({ percent: 50, bytesTotal: 100, etaSeconds: 1 });
  });

  it('names no share while the totals are unknown', () => {
    const { seen, clock, made } = meter();
    clock.now = 1000;
    made.update({ bytes: 5, files: { checked: 1, total: 2, totalIsFinal: false } });
    expect(seen.at(-1)).not.toHaveProperty('percent');
    expect(seen.at(-1)).not.toHaveProperty('etaSeconds');
  });
});
