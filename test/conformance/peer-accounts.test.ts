/** A push to somebody else's account, whoever that is and however it is confined: all is there, or what is not is told. */
import { mkdir, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeLocalHost } from '../../src/hosts/local';
import { type PeerPlace, type PeerRig, usePeer } from '../support/rigs/peer-rig';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';

const stage = usePeer();

const ACCOUNTS: Record<string, (name: string) => Promise<PeerPlace>> = {
  async 'of root, not confined'(name) {
    const { server, credentials } = stage;
    const folder = await server.makeFolder(name);
    await server.letIn(credentials, name);
    return { url: server.url('root', `${folder}/wiki`), credentials: name, folder: `${folder}/wiki` };
  },
  async 'of root, confined by rrsync'(name) {
    const { server, credentials } = stage;
    const folder = await server.makeFolder(name);
    await server.letIn(credentials, name, `/usr/bin/rrsync ${folder}`);
    return { url: server.url('root', '/wiki'), credentials: name, folder: `${folder}/wiki` };
  },
  async 'of another user, not confined'(name) {
    const { server, credentials } = stage;
    const folder = await server.makeFolder(name);
    await server.letIn(credentials, name);
    return { url: server.url('nas', `${folder}/wiki`), credentials: name, folder: `${folder}/wiki` };
  },
  async 'of another user, confined by rrsync'(name) {
    const { server, credentials } = stage;
    const folder = await server.makeFolder(name);
    await server.letIn(credentials, name, `/usr/bin/rrsync ${folder}`);
    return { url: server.url('nas', '/~'), credentials: name, folder };
  },
  async 'of another user, which only takes'(name) {
    const { server, credentials } = stage;
    const folder = await server.makeFolder(name);
    await server.letIn(credentials, name, `/usr/bin/rrsync -wo ${folder}`);
    return { url: server.url('nas', '/~/wiki'), credentials: name, folder: `${folder}/wiki` };
  },
};

let count = 0;
const makeRig = async (account: string): Promise<PeerRig> =>
  stage.make((await ACCOUNTS[account]?.(`account-${++count}`)) as PeerPlace);

describe.each(Object.keys(ACCOUNTS))('an account %s', (account) => {
  const isRoot = account.startsWith('of root');
  // That rrsync has no account make what is no file, root's neither, and says nothing of it: measured with rsync 3.5.0.
  const isConfined = account.includes('rrsync') || account.includes('takes');
  const notMade = [
    ...(isRoot && !isConfined ? [] : ['./special/block', './special/null']),
    ...(isConfined ? ['./special/fifo'] : []),
  ].map((path) => `${path}: only in the first`);

  it('gets all that a source can have, and what it can not keep is counted', async () => {
    const rig = await makeRig(account);
    await makeNastyTree(rig.source);
    const { stats, point } = await rig.sync(1);
    const found = await compareTrees(rig.source, rig.far, { attributes: isRoot });
    const owners = found.filter((text) => / owner: /.test(text));
    expect(found.filter((text) => !owners.includes(text)).sort()).toEqual(notMade.sort());
    const counts = new Map((stats.leftOut ?? []).map(({ reason, count }) => [reason, count]));
    expect(counts.get('device') ?? 0).toBe(notMade.filter((text) => !text.includes('fifo')).length);
    expect(counts.get('socket') ?? 0).toBe(isConfined ? 1 : 0);
    expect(owners.length > 0).toBe(!isRoot);
    // What was not made has an owner that was not kept, too.
    expect(counts.get('owner') ?? 0).toBeGreaterThanOrEqual(owners.length);
    const compared = await rig.compare(point.id);
    // A file that its own user may not read is not known to be equal; what is not kept is told, and is no difference.
    const told = compared.differences.map(({ path }) => path);
    expect(told.filter((path) => isRoot || path !== 'modes/0')).toEqual([]);
    const notCompared = new Set(compared.leftOut?.map(({ reason }) => reason));
    expect(notCompared).toEqual(new Set(counts.keys()));
    expect((await rig.sync(2)).stats).toMatchObject({ filesChanged: 0, bytesChanged: 0 });
    expect(await rig.points()).toEqual(['point-000002']);
  });

  it('keeps files of one name in many folders apart, and loses what the source lost', async () => {
    const rig = await makeRig(account);
    for (const folder of ['a', 'b', 'c/d']) {
      await mkdir(join(rig.source, folder), { recursive: true });
      await writeFile(join(rig.source, folder, 'same'), `in ${folder}`);
    }
    await rig.sync(1);
    const content = { attributes: false };
    const told = async () =>
      (await compareTrees(rig.source, rig.far, content)).filter((text) => !/: owner: /.test(text));
    expect(await told()).toEqual([]);
    await unlink(join(rig.source, 'a', 'same'));
    await rm(join(rig.source, 'c'), { recursive: true });
    await writeFile(join(rig.source, 'b', 'same'), 'longer than it was');
    const { stats } = await rig.sync(2);
    expect(stats.filesDeleted).toBe(4);
    expect(await told()).toEqual([]);
  });

  it('holds data of somebody: it is not taken for empty', async () => {
    const rig = await makeRig(account);
    await mkdir(rig.far, { recursive: true });
    await writeFile(join(rig.far, 'photo'), 'of somebody');
    const found = await rig.driver.inspect(rig.host, rig.volume);
    expect(found).toMatchObject({ exists: true, empty: false });
    expect(found.claim).toBeUndefined();
  });

  it('that is gone is missed, and made anew only once that is approved', async () => {
    const rig = await makeRig(account);
    await writeFile(join(rig.source, 'page'), 'one');
    await rig.sync(1);
    const gone = `${rig.far}-gone`;
    await mkdir(gone);
    for (const name of await readdir(rig.far)) await rename(join(rig.far, name), join(gone, name));
    const later = rig.withHost({ ...rig.host, name: 'alpha-later' });
    await expect(later.send(2)).rejects.toMatchObject({ type: 'VolumeMissing' });
    expect(await readdir(rig.far)).toEqual([]);
    await later.sync(3, { approved: true });
    expect(await readdir(rig.far)).toContain('page');
  });
});

it('an account that gives nothing back is somebody else to another agent, until that is approved', async () => {
  const rig = await makeRig('of another user, which only takes');
  await writeFile(join(rig.source, 'page'), 'one');
  await rig.sync(1);
  const beta = rig.withHost(makeLocalHost({ name: 'beta', home: join(rig.host.home, '..', 'beta') }));
  const found = await beta.driver.inspect(beta.host, beta.volume);
  expect(found).toMatchObject({ exists: true, empty: false });
  expect(found.claim).toBeUndefined();
  expect(await beta.points()).toEqual([]);
  await beta.sync(2, { epoch: 2, approved: true });
  expect(await beta.points()).toEqual(['point-000002']);
});
