/**
 * `npm run manifests`: makes deploy/kubernetes and deploy/bundle of the chart, and the chart's alerts of deploy/prometheus. With `--check` it writes nothing, and says what is
 * not current: by making all anew where Helm is there (the set-up of `npm run chaos` builds it), else by what it noted of the last time.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { makeBundle } from './manifests/bundle.mjs';
import { makePlain } from './manifests/plain.mjs';
import { CHART, render } from './manifests/render.mjs';
import { ensureTestTool, findTestTool } from './set-up/go-tools.mjs';
import { ROOT } from './set-up/paths.mjs';
import { SetUpError } from './set-up/report.mjs';

const DEFINITIONS = join(CHART, 'files', 'crds');
/** The chart has them as they are: Helm reads nothing outside of it. */
const RULES = { from: 'deploy/prometheus/tidemark.rules.yml', to: 'deploy/helm/tidemark/files/alerts.yaml' };
/** What all was made of, and what it came to. */
const NOTES = 'deploy/made-from.json';

const read = (path) => readFileSync(join(ROOT, path), 'utf8');

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

const hashOf = (texts) => {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}\0${text}`);
  return hash.digest('hex').slice(0, 16);
};

/** Of the chart without the definitions, which `npm run docs` copies, and of this script. */
function hashOfInputs() {
  const scripts = [
    ...filesIn(join(ROOT, 'scripts', 'manifests')),
    join(ROOT, 'scripts', 'write-manifests.mjs'),
  ];
  const files = [...filesIn(CHART).filter((path) => !path.startsWith(DEFINITIONS)), ...scripts];
  return hashOf(files.map((path) => readFileSync(path, 'utf8')));
}

/** `{ path: text }` */
async function makeAll(helm) {
  const renderWith = (values) => render(helm, values);
  const definitions = filesIn(DEFINITIONS).map((path) => parse(readFileSync(path, 'utf8')));
  const { appVersion } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'));
  const folders = {
    'deploy/kubernetes': await makePlain(renderWith),
    'deploy/bundle': await makeBundle(renderWith, definitions, appVersion),
  };
  return Object.fromEntries(
    Object.entries(folders).flatMap(([folder, files]) =>
      Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]),
    ),
  );
}

const noteOf = (files) => ({
  chart: hashOfInputs(),
  files: Object.fromEntries(Object.entries(files).map(([path, text]) => [path, hashOf([text])])),
});

/** What is not as it is said to be: its paths. */
function compare(wanted, found) {
  return Object.keys({ ...wanted, ...found }).filter((path) => wanted[path] !== found[path]);
}

const readSafely = (path) => {
  try {
    return read(path);
  } catch {
    return undefined;
  }
};

async function check() {
  if (read(RULES.from) !== readSafely(RULES.to)) return [RULES.to];
  const helm = findTestTool('helm');
  const noted = JSON.parse(read(NOTES));
  if (helm) {
    const files = await makeAll(helm);
    const written = Object.fromEntries(Object.keys(files).map((path) => [path, readSafely(path)]));
    const isNoted = JSON.stringify(noted) === JSON.stringify(noteOf(files));
    return [...compare(files, written), ...(isNoted ? [] : [NOTES])];
  }
  const now = Object.fromEntries(
    Object.keys(noted.files).map((path) => [path, hashOf([readSafely(path) ?? ''])]),
  );
  return [...compare(noted.files, now), ...(noted.chart === hashOfInputs() ? [] : ['deploy/helm/tidemark'])];
}

async function write() {
  writeFileSync(join(ROOT, RULES.to), read(RULES.from));
  await ensureTestTool('helm', (text) => console.log(text));
  const files = await makeAll(findTestTool('helm'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
  writeFileSync(join(ROOT, NOTES), `${JSON.stringify(noteOf(files), undefined, 2)}\n`);
}

try {
  if (process.argv.includes('--check')) {
    const stale = await check();
    if (stale.length > 0) throw new SetUpError(`not current: ${stale.join(', ')}; run: npm run manifests`);
    console.log(`current, ${findTestTool('helm') ? 'made anew' : 'by what was noted'}`);
  } else await write();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
