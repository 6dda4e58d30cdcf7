import { ImageRig } from '../support/rigs/image-rig';
import { LAYER_BYTES } from '../support/storage/image-stores';
import { describeImages, PLAYED } from './image-suite';

if (PLAYED.includes('docker')) describeImages('docker', 'docker');

it.each([
  ['podman', 'docker'],
  ['docker', 'podman'],
] as const)('images of %s come over to %s as they are, layer by layer', async (from, to) => {
  const rig = await ImageRig.between(from, to);
  const { from: source, to: target } = rig;
  try {
    const wiki = await source.add('docker.io/library/wiki:1', ['base', 'wiki']);
    await target.add('docker.io/library/own:1', ['base']);
    const { stats, point } = await rig.sync();
    expect(stats.bytesSent).toBeLessThan(1.5 * LAYER_BYTES);
    expect(await target.userNames()).toMatchObject({ 'docker.io/library/wiki:1': wiki });
    expect(await rig.verify(point)).toMatchObject({ total: 0 });
    expect((await rig.sync()).stats.filesChanged).toBe(0);
  } finally {
    await rig.dispose();
  }
});
