import { ImageRig } from '../support/image-rig';
import { ImageStore } from '../support/image-stores';
import { makeSshHosts } from '../support/ssh-host';
import { describeImages } from './image-suite';

describeImages('podman', 'podman');

it('images come over between hosts that have nothing but an sshd and their engine', async () => {
  const [source, target] = [await ImageStore.make('podman'), await ImageStore.make('podman')];
  const rig = await ImageRig.make(source, target, makeSshHosts);
  try {
    const wiki = await source.add('registry.example/team/wiki:v1', ['base', 'wiki']);
    const { point } = await rig.sync();
    expect(await target.userNames()).toEqual({ 'registry.example/team/wiki:v1': wiki });
    expect(await rig.verify(point)).toMatchObject({ total: 0 });
    expect((await rig.sync()).stats).toMatchObject({ filesChanged: 0, bytesChanged: 0 });
  } finally {
    await rig.dispose();
    await source.dispose();
    await target.dispose();
  }
});
