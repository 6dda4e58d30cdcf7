import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { NotifyFile } from './notify-file';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tidemark-notify-file-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const textOf = (name: string) =>
  `receivers: [{ name: ${name}, program: { argv: [/x] } }]\nroutes: [{ to: [${name}] }]\n`;

test('is read when it changes; while it has mistakes or is gone, the version before it holds', async () => {
  const path = join(folder, 'notify.yaml');
  const errors: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) });
  const file = new NotifyFile(path, log);
  const names = async () => {
    await file.refresh();
    return file.config?.receivers.map(({ name }) => name);
  };
  expect(await names()).toBeUndefined();
  expect(file.problems).toEqual([expect.stringContaining('ENOENT')]);
  await writeFile(path, textOf('one'));
  expect(await names()).toEqual(['one']);
  expect(file.problems).toEqual([]);
  await writeFile(path, textOf('Two!'));
  expect(await names()).toEqual(['one']);
  await names();
  expect(file.problems.join('\n')).toContain('notify.yaml:1:21: receivers[0].name: must be 1 to 63');
  await rm(path);
  expect(await names()).toEqual(['one']);
  await writeFile(path, textOf('three'));
  expect(await names()).toEqual(['three']);
  // Each trouble once, not at every look.
  expect(errors).toHaveLength(3);
});

test('counts as written anew where it is touched', async () => {
  const path = join(folder, 'touched.yaml');
  await writeFile(path, textOf('one'));
  const file = new NotifyFile(path, pino({ level: 'silent' }));
  await file.refresh();
  const later = new Date(Date.now() + 60_000);
  await utimes(path, later, later);
  await file.refresh();
  expect(file.writtenAtMs).toBe(later.getTime());
});
