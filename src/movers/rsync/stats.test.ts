import { parseItem } from './output';
import { StatsCounter } from './stats';

/** What rsync 3.5.0 printed at its end. */
const PRINTED = `
Number of files: 2005 (reg: 2002, dir: 2, special: 1)
Number of created files: 0
Number of deleted files: 2 (reg: 1, link: 1)
Number of regular files transferred: 0
Total file size: 304000000 bytes
Total transferred file size: 0 bytes
Literal data: 12 bytes
Matched data: 0 bytes
File list size: 0
File list generation time: 0.001 seconds
Total bytes sent: 38857
Total bytes received: 23

sent 38857 bytes  received 23 bytes  77760.00 bytes/sec
total size is 304000000  speedup is 7818.93`;

it('adds up items and the numbers that rsync prints', () => {
  const counter = new StatsCounter();
  for (const line of ['.d..t......', '.f...p.....', '*deleting  ', '*deleting  '])
    counter.countItem(parseItem(line)!);
  for (const line of PRINTED.split('\n')) counter.readLine(line);
  expect(counter.result({ durationMs: 5, filesVanished: 1 })).toEqual({
    bytesSent: 38880,
    bytesChanged: 12,
    filesChanged: 4,
    filesDeleted: 2,
    totalBytes: 304000000,
    totalFiles: 2005,
    durationMs: 5,
    filesVanished: 1,
  });
});

it('counts an entry of which only metadata changed: a target is equal only where there is no item at all', () => {
  const counter = new StatsCounter();
  counter.countItem(parseItem('.f....o..ax')!);
  expect(counter.result({ durationMs: 0, filesVanished: 0 }).filesChanged).toBe(1);
});
