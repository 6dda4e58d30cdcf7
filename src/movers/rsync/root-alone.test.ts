import { failedAtRootAlone } from './root-alone';

const OF_ROOT = 'rsync: [generator] failed to set times on "/volume/.": Operation not permitted (1)';
const SUM =
  'rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1361) [sender=3.5.0]';

it('tells that only the folder itself could not be changed', () => {
  expect(failedAtRootAlone(`${OF_ROOT}\n${SUM}\n`)).toBe(true);
});

it.each([
  [
    'a file that could not be written',
    'rsync: [receiver] mkstemp "/volume/.a.x" failed: Permission denied (13)',
  ],
  ['another folder', 'rsync: [generator] failed to set times on "/volume/a": Operation not permitted (1)'],
  ['another reason', 'rsync: [generator] failed to set times on "/volume/.": Read-only file system (30)'],
])('never takes %s for it', (_, line) => {
  expect(failedAtRootAlone(`${OF_ROOT}\n${line}\n${SUM}\n`)).toBe(false);
  expect(failedAtRootAlone(`${line}\n${SUM}\n`)).toBe(false);
});

it('says nothing of an output without such a line', () => {
  expect(failedAtRootAlone(`${SUM}\n`)).toBe(false);
  expect(failedAtRootAlone('')).toBe(false);
});
