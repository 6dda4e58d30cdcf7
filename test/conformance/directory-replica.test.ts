/** What others write to a replica is seen by the next transfer, and by what is made of it. */
import { chmod, mkdir, mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import type { Host } from '../../src/hosts/contract';
import { directoryDriver } from '../../src/volumes/directory';
import { errorOfType } from '../support/expect-type';
import { makeStamp, TARGET } from './volume-fixture';

const OLD = new Date(1_000_000_000_000);
let base: string;
let host: Host;
const volume = () => ({ kind: 'directory' as const, path: join(base, 'replica') });
const at = (name: string) => join(base, 'replica', name);

async function write(path: string, content: string): Promise<void> {
  await writeFile(path, content);
  await utimes(path, OLD, OLD);
}

const publish = (sequence: number) =>
  directoryDriver.publish(host, volume(), {
    ...{ relationship: 'wiki', method: 'HardLink' },
    stamp: makeStamp(sequence),
  });
/** What others wrote to, without the `./` before it. */
async function written(landings: { openedAt: number; closedAt?: number }[] = []): Promise<string[]> {
  const found = await directoryDriver.listWritten?.(host, volume(), { relationship: 'wiki', landings });
  return (found?.files ?? []).map((path) => path.slice(2)).sort();
}

const hasNoNewNames = async () =>
  (await directoryDriver.listWritten?.(host, volume(), { relationship: 'wiki', landings: [] }))
    ?.hasNoNewNames;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tidemark-replica-'));
  host = makeLocalHost({ name: 'alpha', home: join(base, 'home') });
  await mkdir(at('folder'), { recursive: true });
  await directoryDriver.claim(host, volume(), TARGET);
  await write(at('one'), 'was');
  await write(at('folder/two\n'), 'was');
});
afterEach(() => rm(base, { recursive: true, force: true }));

it('tells what was written to since the newest point, and nothing else', async () => {
  await publish(1);
  expect(await written()).toEqual([]);
  await write(at('folder/two\n'), 'bad');
  await write(at('-c'), 'new');
  expect(await written()).toEqual(['-c', 'folder/two\n']);
  expect((await stat(at('-c'))).mtimeMs).toBe(OLD.getTime());
  await publish(2);
  expect(await written()).toEqual([]);
});

it('tells of everything where nothing is known, but for what a landing brought that was closed', async () => {
  const [longAgo, later] = [Date.now() / 1000 - 9, Date.now() / 1000 + 9];
  expect(await written([{ openedAt: longAgo, closedAt: later }])).toEqual([]);
  expect(await written([{ openedAt: longAgo }, { openedAt: 1, closedAt: 2 }])).toEqual([
    'folder/two\n',
    'one',
  ]);
});

it('knows of a name that others made, also of a link or a folder, and of none before there is a point', async () => {
  expect(await hasNoNewNames()).toBe(false);
  await publish(1);
  expect(await hasNoNewNames()).toBe(true);
  await write(at('one'), 'bad');
  await rm(at('folder/two\n'));
  expect(await hasNoNewNames()).toBe(true);
  await rename(at('one'), at('three'));
  expect(await hasNoNewNames()).toBe(false);
  await publish(2);
  await symlink('nowhere', at('link'));
  expect(await hasNoNewNames()).toBe(false);
  await publish(3);
  await mkdir(at('folder/new'));
  expect(await hasNoNewNames()).toBe(false);
});

it('says nothing of hard links after a look that was cut off', async () => {
  jest.spyOn(host, 'run').mockResolvedValue({ exitCode: 137, stdout: Buffer.alloc(0), stderr: 'Killed' });
  await expect(directoryDriver.diskUse(host, volume())).rejects.toThrow(errorOfType('ToolFailed'));
});

it('never follows a symlink', async () => {
  await write(join(base, 'outside'), 'x');
  await publish(1);
  await symlink(join(base, 'outside'), at('link'));
  await symlink(base, at('folder/up'));
  expect(await written()).toEqual([]);
});

it('still tells it once the replica was let go of as a copy, and forgets it with what made it one', async () => {
  const letGo = (relationship: string, copyOf?: string) =>
    directoryDriver.disclaim(host, volume(), relationship, copyOf);
  await publish(1);
  await letGo('wiki', 'alpha:/srv/wiki');
  expect(await written()).toEqual([]);
  await write(at('one'), 'bad');
  expect(await written()).toEqual(['one']);
  await directoryDriver.claim(host, volume(), { ...TARGET, relationship: 'other' });
  expect(await written()).toEqual(['folder/two\n', 'one']);
});

it.each<[string, () => Promise<unknown>]>([
  ['an empty file', () => writeFile(at('empty'), '')],
  ['an empty folder', () => mkdir(at('folder/new'))],
  ['a link', () => symlink('nowhere', at('link'))],
  ['another mode', () => chmod(at('one'), 0o600)],
  ['another name', () => rename(at('one'), at('three'))],
  ['the end of a file', () => rm(at('one'))],
  ['the end of a folder', () => rm(at('folder'), { recursive: true })],
])('sees of a copy that was let go of that somebody gave it %s', async (_, change) => {
  const request = { relationship: 'wiki', landings: [] };
  await publish(1);
  await directoryDriver.disclaim(host, volume(), 'wiki', 'alpha:/srv/wiki');
  expect(await directoryDriver.wasWritten?.(host, volume(), request)).toBe(false);
  await change();
  expect(await directoryDriver.wasWritten?.(host, volume(), request)).toBe(true);
});
