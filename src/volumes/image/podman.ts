/** Podman: as root, or rootless with the storage that `podman info` tells. */
import type { Engine, EngineLocation } from './engine';
import { listImages, parseDigests } from './classic';
import { isInUse, isUnknown } from './failures';
import { toHex } from './names';
import { runEngine } from './run-engine';

/** `podman info` looks at everything around it, and takes longer than all the rest of a step: asked once. */
const located = new Map<string, EngineLocation>();

export const podmanEngine: Engine = {
  async locate(subject, location) {
    const { host, volume } = subject;
    if (location !== undefined) {
      // Podman makes a storage root that is missing as soon as it is named.
      const exists = (await host.run(['test', '-d', location])).exitCode === 0;
      const names = exists ? await host.files.list(location) : [];
      const images = names.find((name) => name.endsWith('-images'));
      return { exists, root: location, storage: images?.replace(/-images$/, '') ?? 'new' };
    }
    const key = `${host.home}:${volume.path}`;
    const known = located.get(key);
    if (known) return known;
    const format = '{{.Store.GraphRoot}}\t{{.Store.GraphDriverName}}';
    const { stdout } = await runEngine(subject, ['info', '--format', format]);
    const [root = '', storage = ''] = stdout.toString().trim().split('\t');
    const found = { exists: true, root, storage };
    located.set(key, found);
    return found;
  },

  images: listImages,

  async lists(subject, images) {
    const format = '{{.ID}} {{.Repository}}:{{.Tag}}';
    const { stdout } = await runEngine(subject, ['image', 'ls', '--no-trunc', '--format', format]);
    const known = new Set(images.map(({ id }) => id));
    const lines = stdout.toString().split('\n');
    return lines.flatMap((line) => {
      const [digest = '', name = ''] = line.trim().split(' ');
      const id = toHex(digest);
      return id === undefined || known.has(id) || name.includes('<none>') ? [] : [name];
    });
  },

  async usedIds(subject) {
    const { stdout } = await runEngine(subject, ['ps', '--all', '--no-trunc', '--format', '{{.ImageID}}']);
    return parseDigests(stdout.toString());
  },

  async tag(subject, { id }, name) {
    await runEngine(subject, ['tag', id, name]);
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
