/** What others write to a replica is seen by the next transfer, and by what is made of it. */
import { mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import type { Host } from '../../src/hosts/contract';
import { directoryDriver } from '../../src/volumes/directory';
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
    ...{ relationship: 'wiki', method: 'HardLink', unchanged: false },
    stamp: makeStamp(sequence),
  });
const expose = (landings: { openedAt: number; closedAt?: number }[] = []) =>
  directoryDriver.exposeWrites?.(host, volume(), { relationship: 'wiki', landings });

/** Which files look as if they had been written to. */
async function exposed(...names: string[]): Promise<string[]> {
  const times = await Promise.all(names.map(async (name) => (await stat(at(name))).mtimeMs));
  return names.filter((_, index) => times[index] !== OLD.getTime());
}

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tidemark-replica-'));
  host = makeLocalHost({ name: 'alpha', home: join(base, 'home') });
  await mkdir(at('folder'), { recursive: true });
  await directoryDriver.claim(host, volume(), TARGET);
  await write(at('one'), 'was');
  await write(at('folder/two\n'), 'was');
});
afterEach(() => rm(base, { recursive: true, force: true }));

it('exposes what was written to since the newest point, and nothing else', async () => {
  await publish(1);
  await expose();
  expect(await exposed('one', 'folder/two\n')).toEqual([]);
  await write(at('folder/two\n'), 'bad');
  await write(at('-c'), 'new');
  await expose();
  expect(await exposed('one', 'folder/two\n', '-c')).toEqual(['folder/two\n', '-c']);
  await publish(2);
  await expose();
});

it('exposes everything where nothing is known, but for what a landing brought that was closed', async () => {
  await expose([{ openedAt: Date.now() / 1000 - 9, closedAt: Date.now() / 1000 + 9 }]);
  expect(await exposed('one', 'folder/two\n')).toEqual([]);
  await expose([{ openedAt: Date.now() / 1000 - 9 }, { openedAt: 1, closedAt: 2 }]);
  expect(await exposed('one', 'folder/two\n')).toEqual(['one', 'folder/two\n']);
});

it('never touches what a symlink leads to', async () => {
  await write(join(base, 'outside'), 'x');
  await publish(1);
  await symlink(join(base, 'outside'), at('link'));
  await symlink(base, at('folder/up'));
  await expose();
  expect((await stat(join(base, 'outside'))).mtimeMs).toBe(OLD.getTime());
  expect(await readFile(join(base, 'outside'), 'utf8')).toBe('x');
});
