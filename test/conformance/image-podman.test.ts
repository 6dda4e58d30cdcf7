import { ImageRig } from '../support/image-rig';
import { WIKI } from '../support/image-stores';
import { makeSshHosts } from '../support/ssh-host';
import { describeImages } from './image-suite';

describeImages('podman', 'podman');

it('images come over between hosts that have nothing but an sshd and their engine', async () => {
  const rig = await ImageRig.between('podman', 'podman', makeSshHosts);
  const { from: source, to: target } = rig;
  try {
    const wiki = await source.add(WIKI, ['base', 'wiki']);
    const { point } = await rig.sync();
    expect(await target.userNames()).toEqual({ [WIKI]: wiki });
    expect(await rig.verify(point)).toMatchObject({ total: 0 });
    expect((await rig.sync()).stats).toMatchObject({ filesChanged: 0, bytesChanged: 0 });
  } finally {
    await rig.dispose();
  }
});
