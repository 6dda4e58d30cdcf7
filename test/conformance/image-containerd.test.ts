import { ImageRig } from '../support/rigs/image-rig';
import { describeImages, PLAYED } from './image-suite';

if (PLAYED.includes('containerd')) describeImages('containerd', 'containerd');

it('an image for several platforms comes over as the index that it is, with what there is of it', async () => {
  const rig = await ImageRig.between('containerd', 'containerd');
  const { from: source, to: target } = rig;
  try {
    const id = await source.add('docker.io/library/multi:1', ['base', 'multi'], {
      forSeveralPlatforms: true,
    });
    const { point } = await rig.sync();
    rig.next();
    // What is not there of it is told, never taken for equal.
    expect((await rig.capture()).leftOut).toEqual([
      {
        reason: 'image',
        count: 1,
        examples: ['docker.io/library/multi:1 (1 of its platforms are not there)'],
      },
    ]);
    expect(await target.userNames()).toEqual({ 'docker.io/library/multi:1': id });
    expect(await rig.verify(point)).toMatchObject({ total: 0 });
    expect((await rig.sync()).stats).toMatchObject({ filesChanged: 0, bytesChanged: 0 });
  } finally {
    await rig.dispose();
  }
});
