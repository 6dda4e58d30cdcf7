/** When the deletions of a transfer are counted by a dry pass, and when that is known to find none. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../../src/model/records';
import { rsyncMover } from '../../src/movers/rsync';
import { compareTrees } from '../support/trees/compare-trees';
import { errorOfType } from '../support/expect-type';
import {
  makeMoverRig,
  moverSpec,
  outlastGrain,
  type MoverRig,
  type SyncOptions,
} from '../support/rigs/mover-rig';

/** Entries of the source, itself included. */
const ENTRIES = 9;
const MiB = 1024 ** 2;

let rig: MoverRig;
let dryPasses = 0;
const at = (name: string) => join(rig.sourcePath, name);
const atTarget = (name: string) => join(rig.targetPath, name);

const sync = (options: SyncOptions = {}) =>
  rig.sync({ maxDeletions: 2, targetEntries: ENTRIES, hasNoNewNames: true, ...options });

beforeEach(async () => {
  rig = await makeMoverRig(rsyncMover);
  for (const name of ['one', 'two', 'a/x', 'a/y', 'b/x', 'b/y']) {
    await mkdir(join(at(name), '..'), { recursive: true });
    await writeFile(at(name), `content of ${name}`);
  }
  await outlastGrain();
  for (const _settled of [1, 2]) await rig.sync();
  const run = rig.source.run.bind(rig.source);
  dryPasses = 0;
  jest.spyOn(rig.source, 'run').mockImplementation((argv, options) => {
    if (argv.includes('--dry-run')) dryPasses++;
    return run(argv, options);
  });
});
afterEach(() => rig.dispose());

it('takes none where every name is there still, and tells how much is to be sent', async () => {
  await writeFile(at('one'), 'changed');
  await writeFile(at('a/big'), Buffer.alloc(MiB));
  const seen: Progress[] = [];
  const stats = await sync({ onProgress: (progress) => seen.push(progress) });
  expect(stats).toMatchObject({ filesDeleted: 0, totalFiles: ENTRIES + 1 });
  expect(seen.at(-1)).toMatchObject({ bytesTotal: MiB + 'changed'.length });
  expect(await sync({ targetEntries: ENTRIES + 1 })).toMatchObject({ filesChanged: 0 });
  expect(dryPasses).toBe(0);
  expect(await compareTrees(rig.sourcePath, rig.targetPath)).toEqual([]);
});

it.each<[why: string, change: () => Promise<unknown>, options: SyncOptions]>([
  ['a name is gone', () => rm(at('one')), {}],
  ['a name became another', () => rename(at('one'), at('three')), {}],
  ['others made a name at the target', () => writeFile(atTarget('theirs'), 'x'), { hasNoNewNames: false }],
  ['the target has another number of names', () => rm(atTarget('one')), { targetEntries: ENTRIES - 1 }],
  [
    'the spec leaves something out',
    () => rm(at('one')),
    { mover: moverSpec({ rsync: { exclude: ['/b'] } }) },
  ],
  ['the sync before made no point', () => writeFile(at('one'), 'changed'), { confirmed: 'wiki-1' }],
  ['nothing is remembered', () => writeFile(at('one'), 'changed'), { confirmed: 'wiki-99' }],
])('takes one where %s', async (_why, change, options) => {
  await change();
  await sync({ maxDeletions: 5, ...options });
  expect(dryPasses).toBe(1);
});

it('is held by the landing to its limit, where names went that nobody had known of', async () => {
  for (let index = 0; index < 6; index++) await writeFile(atTarget(`unknown-${index}`), 'x');
  const refused = sync();
  await expect(refused).rejects.toThrow(errorOfType('ApprovalRequired'));
  await expect(refused).rejects.toThrow(/would delete 6 /);
  expect(dryPasses).toBe(0);
  expect((await readdir(rig.targetPath)).filter((name) => name.startsWith('unknown'))).toHaveLength(4);
});
