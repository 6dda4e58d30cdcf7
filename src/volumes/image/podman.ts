/** Podman: as root, or rootless with the storage that `podman info` tells. */
import type { Engine } from './engine';
import { listImages, parseDigests } from './classic';
import { isInUse, isUnknown } from './failures';
import { runEngine } from './run-engine';

export const podmanEngine: Engine = {
  async locate(subject, location) {
    // Podman makes a storage root that is missing as soon as it is named.
    if (location !== undefined && (await subject.host.run(['test', '-d', location])).exitCode !== 0) {
      return { exists: false, root: location, storage: 'none' };
    }
    const format = '{{.Store.GraphRoot}}\t{{.Store.GraphDriverName}}';
    const { stdout } = await runEngine(subject, ['info', '--format', format]);
    const [root = '', storage = ''] = stdout.toString().trim().split('\t');
    return { exists: true, root, storage };
  },

  images: listImages,

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
