import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { cacheFolder, ROOT } from './paths.mjs';
import { SetUpError } from './report.mjs';
import { findProgram, runChecked } from './run.mjs';

/** The Go module of the tests' own cluster: one go.mod for all of its programs. */
const MODULE = join(ROOT, 'test', 'cluster', 'kube');
/** By this link the tests find what this checkout's module was built to. */
const LINK = join(ROOT, '.cache', 'kubernetes');
const GO_TIMEOUT_MS = 60 * 60_000;

const VERSION = '1.34.4';
const SNAPSHOTTER = 'github.com/kubernetes-csi/external-snapshotter';
const PACKAGES = ['.', `${SNAPSHOTTER}/v8/cmd/snapshot-controller`, `${SNAPSHOTTER}/v8/cmd/csi-snapshotter`];
const PROGRAMS = ['kube', 'snapshot-controller', 'csi-snapshotter'];

/** Without these, every part says that it is v0.0.0-master. */
const VERSION_FLAGS = [
  `gitVersion=v${VERSION}`,
  `gitMajor=${VERSION.split('.')[0]}`,
  `gitMinor=${VERSION.split('.')[1]}`,
].map((flag) => `-X k8s.io/component-base/version.${flag}`);
const BUILD = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags'].concat(
  ['-s', '-w', ...VERSION_FLAGS].join(' '),
);

/** What the tests need of the modules' other files: `[module, folder in it, which of its files]`. */
const FILES = [
  ['github.com/container-storage-interface/spec', '.', 'csi.proto'],
  ['k8s.io/kubelet', 'pkg/apis/pluginregistration/v1', 'api.proto'],
  [`${SNAPSHOTTER}/client/v8`, 'config/crd', 'snapshot.storage'],
];

/** Changes with the module and with how it is built. */
function keyOf(module) {
  const hash = createHash('sha256').update(JSON.stringify([BUILD, PACKAGES, FILES]));
  for (const name of readdirSync(module).sort())
    hash.update(`\0${name}\0`).update(readFileSync(join(module, name)));
  return hash.digest('hex').slice(0, 16);
}

async function copyFiles(go, env, work) {
  for (const [module, path, start] of FILES) {
    const folder = await runChecked([go, 'list', '-m', '-f', '{{.Dir}}', module], { cwd: MODULE, env });
    const source = join(folder.trim(), path);
    for (const name of readdirSync(source).filter((each) => each.startsWith(start))) {
      copyFileSync(join(source, name), join(work, name));
      // The module cache is read-only, and so would be its copies.
      chmodSync(join(work, name), 0o644);
    }
  }
}

/** A build that was killed left its folder. */
function removeUnfinished(parent) {
  for (const name of readdirSync(parent).filter((each) => each.startsWith('.build-')))
    rmSync(join(parent, name), { recursive: true, force: true });
}

async function buildInto(go, folder, say) {
  removeUnfinished(dirname(folder));
  // Beside the place where it is to be, so that it appears there whole or not at all.
  const work = mkdtempSync(join(dirname(folder), '.build-'));
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
  try {
    say('building it with go: 5 to 10 minutes on two cores, once');
    await runChecked([go, ...BUILD, '-o', `${work}/`, ...PACKAGES], {
      cwd: MODULE,
      env,
      timeoutMs: GO_TIMEOUT_MS,
      failure: `Kubernetes could not be built (in ${MODULE})`,
    });
    await copyFiles(go, env, work);
    symlinkSync('kube', join(work, 'kubectl'));
    chmodSync(work, 0o755);
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function pointTo(link, folder) {
  try {
    if (readlinkSync(link) === folder) return;
  } catch {
    // Not there yet.
  }
  mkdirSync(dirname(link), { recursive: true });
  const aside = `${link}.${process.pid}`;
  symlinkSync(folder, aside);
  renameSync(aside, link);
}

/**
 * The programs of the tests' own cluster, and the definitions that go with them: from the cache, or built from
 * their Go modules.
 */
export async function ensureKubernetes(say, link = LINK) {
  const parent = join(cacheFolder(), 'kubernetes');
  const folder = join(parent, keyOf(MODULE));
  const answer = (how) => {
    pointTo(link, folder);
    return `${VERSION}, ${how}${folder}`;
  };
  if (existsSync(folder)) return answer('');
  const go = findProgram('go');
  if (!go) {
    throw new SetUpError(
      `The tests' Kubernetes is built with Go, which is not there. Install Go 1.24 or newer (https://go.dev/dl), or copy ` +
        `${folder} (${PROGRAMS.join(', ')} and more) from a machine that has built it, then run this again.`,
    );
  }
  const build = async () => {
    if (!existsSync(folder)) await buildInto(go, folder, say);
  };
  await withLock(join(parent, 'build.lock'), build, (pid) =>
    say(`process ${pid} is building it; waiting for it`),
  );
  return answer('built, ');
}
