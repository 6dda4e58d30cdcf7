import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { buildPage, PAGE_OUTPUT, PAGE_SOURCES } from './build-page.mjs';
import { ROOT } from './paths.mjs';
import { runChecked } from './run.mjs';

const SOURCES = join(ROOT, 'src');
const OUTPUT = join(ROOT, 'dist');
const STAMP = join(OUTPUT, '.built-from');

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    })
    .sort();
}

/** Changes whenever a source, the compiler's settings or a dependency does. */
function stampOf(files) {
  const hash = createHash('sha256');
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) =>
    join(ROOT, name),
  );
  for (const path of [...files, ...settings]) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${relative(ROOT, path)}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Compiled files whose source is gone would still be found by who imports them. */
function removeStale(sources) {
  const modules = new Set(sources.map((path) => relative(SOURCES, path).replace(/\.ts$/, '')));
  for (const path of listFiles(OUTPUT).filter((each) => !each.startsWith(PAGE_OUTPUT))) {
    const module = relative(OUTPUT, path).replace(/\.js(\.map)?$/, '');
    if (/\.js(\.map)?$/.test(path) && !modules.has(module) && !module.startsWith('workflow-bundle'))
      rmSync(path);
  }
}

function copyAssets(sources) {
  const assets = sources.filter((path) => !path.endsWith('.ts') && !path.startsWith(PAGE_SOURCES));
  for (const path of assets) {
    const copy = join(OUTPUT, relative(SOURCES, path));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(path, copy);
  }
}

/** Compiles src to dist; bundles the page and the workflows, and makes a blank catalog, so that workers start fast. */
export async function build(node, say) {
  const sources = listFiles(SOURCES);
  const stamp = stampOf(sources.filter((path) => !path.endsWith('.test.ts')));
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return 'already there';
  rmSync(STAMP, { force: true });
  say('compiling');
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  // The compiler trusts its notes of what it wrote: without the output they are wrong.
  if (!existsSync(join(OUTPUT, 'cli', 'main.js'))) rmSync(OUTPUT, { recursive: true, force: true });
  await runChecked([node, compiler, '-p', 'tsconfig.build.json'], { cwd: ROOT, failure: 'the build failed' });
  removeStale(sources);
  copyAssets(sources);
  say('bundling the page');
  await buildPage();
  say('bundling the workflows');
  await runChecked([node, join(OUTPUT, 'workers', 'bundle.js')], {
    cwd: ROOT,
    failure: 'bundling the workflows failed',
  });
  say('preparing a blank catalog');
  await runChecked([node, join(OUTPUT, 'catalog', 'write-blank.js')], {
    cwd: ROOT,
    failure: 'preparing a blank catalog failed',
  });
  writeFileSync(STAMP, stamp);
  return 'done';
}
