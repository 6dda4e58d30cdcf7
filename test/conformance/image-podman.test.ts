import { ImageRig } from '../support/rigs/image-rig';
import { WIKI } from '../support/storage/image-stores';
import { makeSshHosts } from '../support/hosts/ssh-host';
import { describeImages, PLAYED } from './image-suite';

if (PLAYED.includes('podman')) describeImages('podman', 'podman');

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

it('a manifest list is told as left out, and its images come over by themselves', async () => {
  const rig = await ImageRig.between('podman', 'podman');
  const { from: source, to: target } = rig;
  try {
    const wiki = await source.add(WIKI, ['base', 'wiki']);
    await source.run('manifest', 'create', 'localhost/multi:1');
    await source.run('manifest', 'add', 'localhost/multi:1', `containers-storage:${WIKI}`);
    rig.next();
    await rig.claim();
    const list = [{ reason: 'image', count: 1, examples: ['localhost/multi:1 (a manifest list)'] }];
    expect((await rig.capture()).leftOut).toEqual(list);
    // Again for the same sync, as after a crash.
    expect((await rig.capture()).leftOut).toEqual(list);
    rig.next();
    expect((await rig.capture({ mover: { image: { names: ['multi'] } } })).leftOut).toEqual(list);
    await rig.sync();
    expect(await target.userNames()).toEqual({ [WIKI]: wiki });
  } finally {
    await rig.dispose();
  }
});
