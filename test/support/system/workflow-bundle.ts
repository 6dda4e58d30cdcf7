/** The workflows of `src` as one bundle, made once for all suites: each would spend six seconds of processor time on its own. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BUNDLED_FOLDERS, makeBundle } from '../../../src/workers/bundle';

const ROOT = resolve(__dirname, '../../..');
const CACHE = join(ROOT, '.cache', 'test-bundles');

/** Changes whenever a source of the workflows, or a library in them, does. */
async function digestSources(): Promise<string> {
  const hash = createHash('sha256');
  const lists = BUNDLED_FOLDERS.map(async (folder) => {
    const names = await readdir(folder, { recursive: true });
    return names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
  });
  const paths = (await Promise.all(lists)).flat().sort();
  for (const path of [...paths, join(ROOT, 'package-lock.json')])
    hash.update(`${path}\0`).update(await readFile(path));
  return hash.digest('hex').slice(0, 16);
}

export async function loadTestBundle(): Promise<{ codePath: string }> {
  const codePath = join(CACHE, `${await digestSources()}.js`);
  if (!existsSync(codePath)) {
    await mkdir(CACHE, { recursive: true });
    // Whole, or not there: two suites may make it at once.
    const draft = `${codePath}.${process.pid}`;
    await writeFile(draft, await makeBundle());
    await rename(draft, codePath);
    const others = (await readdir(CACHE)).map((name) => join(CACHE, name));
    for (const path of others) if (path.endsWith('.js') && path !== codePath) await rm(path, { force: true });
  }
  return { codePath };
}
