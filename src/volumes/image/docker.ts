/** Docker, with its own image store. */
import { makeError } from '../shared/tools';
import { listImages, parseDigests } from './classic';
import type { Engine } from './engine';
import { isInUse, isUnknown } from './failures';
import { runEngine } from './run-engine';

/** More would be too long for one command. */
const CONTAINERS_AT_ONCE = 500;

/** Docker leaves out its own registry, where others would take the name for another's. */
export function expandName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')) return name;
  return rest.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
}

export const dockerEngine: Engine = {
  async locate(subject) {
    const format = '{{.DockerRootDir}}\t{{.Driver}}\t{{json .DriverStatus}}';
    const { stdout } = await runEngine(subject, ['info', '--format', format]);
    const [root = '', storage = '', status = ''] = stdout.toString().trim().split('\t');
    if (status.includes('io.containerd.snapshotter')) {
      const hint = 'turn that off in its daemon.json: { "features": { "containerd-snapshotter": false } }';
      throw makeError(subject, 'UnsupportedCapture', 'this Docker keeps its images in containerd', { hint });
    }
    return { exists: true, root, storage };
  },

  async images(subject) {
    const images = await listImages(subject);
    return images.map((image) => ({ ...image, names: image.names.map(expandName) }));
  },

  async usedIds(subject) {
    const { stdout } = await runEngine(subject, ['ps', '--all', '--quiet', '--no-trunc']);
    const containers = [...parseDigests(stdout.toString())];
    const used = new Set<string>();
    for (let at = 0; at < containers.length; at += CONTAINERS_AT_ONCE) {
      const some = containers.slice(at, at + CONTAINERS_AT_ONCE);
      const args = ['container', 'inspect', '--format', '{{.Image}}', ...some];
      const inspected = await runEngine(subject, args, {}, (stderr) => /no such container/i.test(stderr));
      for (const id of parseDigests(inspected.stdout.toString())) used.add(id);
    }
    return used;
  },

  async tag(subject, { id }, name) {
    await runEngine(subject, ['tag', `sha256:${id}`, name]);
  },

  async untag(subject, name) {
    const result = await runEngine(
      subject,
      ['rmi', name],
      {},
      (stderr) => isInUse(stderr) || isUnknown(stderr),
    );
    return result.exitCode === 0 || !isInUse(result.stderr);
  },
};
