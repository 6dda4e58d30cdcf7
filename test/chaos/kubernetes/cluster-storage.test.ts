/** The storage of the tests' cluster keeps what storage of a real one promises: what is tested on it means something. */
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod, makeSnapshot } from '../../cluster/objects';

interface Claim {
  status: { phase: string; capacity?: { storage: string } };
}

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.down());
afterEach(() => cluster.setFaults({}));

const ready = (...pods: string[]) =>
  cluster.waitFor(
    'condition=Ready',
    pods.map((name) => `pod/${name}`),
  );
const usable = (snapshot: string) =>
  cluster.waitFor('jsonpath={.status.readyToUse}=true', [`volumesnapshot/${snapshot}`]);
const sh = async (pod: string, script: string) =>
  (await cluster.exec('default', pod, ['sh', '-c', script])).trim();
const read = (pod: string, path: string) => sh(pod, `head -c 5 ${path}`);
const bytesOf = async (pod: string, path: string) =>
  Number(await sh(pod, `df --output=size -B1 ${path} | tail -1`));

/** What the events of an object say, as users see them. */
async function messages(name: string, reason: string): Promise<string> {
  const selector = `--field-selector=involvedObject.name=${name},reason=${reason}`;
  return await cluster.kubectl(['get', 'events', selector, '-o', 'jsonpath={.items[*].message}']);
}

async function eventually<T>(what: () => Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const value = await what();
    if (isIt(value) || performance.now() > deadline) return value;
  }
}

describe.each(['fast', 'sized'])('a volume of class %s', (storageClass) => {
  const name = (what: string) => `${storageClass}-${what}`;
  const [files, device, files2, device2] = ['files', 'device', 'files2', 'device2'].map(name) as [
    string,
    string,
    string,
    string,
  ];

  it('keeps its data, also in snapshots, in what is made of them, and in clones', async () => {
    await cluster.apply(
      makeClaim(files, { storageClass }),
      makeClaim(device, { storageClass, mode: 'Block' }),
      makePod(name('writer'), { files: [files], devices: [device] }),
    );
    await ready(name('writer'));
    // Nothing is flushed: that is the storage's part.
    await sh(
      name('writer'),
      `echo older > /${files}/f; echo older | dd of=/dev/${device} conv=notrunc status=none`,
    );
    await cluster.apply(makeSnapshot(files, files), makeSnapshot(device, device));
    await usable(files);
    await usable(device);
    await sh(
      name('writer'),
      `echo newer > /${files}/f; echo newer | dd of=/dev/${device} conv=notrunc status=none`,
    );
    await cluster.apply(
      makeClaim(name('restored'), { storageClass, source: { snapshot: files } }),
      makeClaim(name('restored-device'), { storageClass, mode: 'Block', source: { snapshot: device } }),
      makeClaim(files2, { storageClass, source: { claim: files } }),
      makeClaim(device2, { storageClass, mode: 'Block', source: { claim: device } }),
      makePod(name('reader'), {
        files: [name('restored'), files2],
        devices: [name('restored-device'), device2],
      }),
    );
    await ready(name('reader'));
    expect(await read(name('reader'), `/${name('restored')}/f`)).toBe('older');
    expect(await read(name('reader'), `/dev/${name('restored-device')}`)).toBe('older');
    expect(await read(name('reader'), `/${files2}/f`)).toBe('newer');
    expect(await read(name('reader'), `/dev/${device2}`)).toBe('newer');
    expect(await read(name('writer'), `/${files}/f`)).toBe('newer');
  });

  it('is read, and never written, where its claim is ReadOnlyMany', async () => {
    const only = name('only-read');
    await cluster.apply(
      makeClaim(only, { storageClass, access: 'ReadOnlyMany', source: { snapshot: files } }),
      makePod(only, { files: [only] }),
    );
    await ready(only);
    expect(await read(only, `/${only}/f`)).toBe('older');
    await expect(sh(only, `touch /${only}/f`)).rejects.toThrow('Read-only file system');
  });

  it('is gone with its claim', async () => {
    const pods = ['reader', 'writer', 'only-read'].map(name);
    await cluster.kubectl(['delete', 'pod', ...pods]);
    await cluster.kubectl(['delete', 'volumesnapshot', files, device]);
    const claims = [
      files,
      device,
      files2,
      device2,
      name('restored'),
      name('restored-device'),
      name('only-read'),
    ];
    await cluster.kubectl(['delete', 'pvc', ...claims]);
    const left = () => cluster.kubectl(['get', 'pv,volumesnapshotcontent', '-o', 'name']);
    expect(await eventually(left, (text) => text === '')).toBe('');
  });
});

describe('a volume of class sized', () => {
  it('is full when it is full, and grows while it is used', async () => {
    await cluster.apply(
      makeClaim('small', { storageClass: 'sized', size: '32Mi' }),
      makeClaim('device', { storageClass: 'sized', size: '32Mi', mode: 'Block' }),
      makePod('filler', { files: ['small'], devices: ['device'] }),
    );
    await ready('filler');
    await expect(sh('filler', 'dd if=/dev/zero of=/small/a bs=1M count=40')).rejects.toThrow(
      'No space left on device',
    );
    const before = await bytesOf('filler', '/small');
    expect(before).toBeLessThanOrEqual(32 * 2 ** 20);
    const body = JSON.stringify({ spec: { resources: { requests: { storage: '96Mi' } } } });
    for (const claim of ['small', 'device']) await cluster.kubectl(['patch', 'pvc', claim, '-p', body]);
    await cluster.waitFor('jsonpath={.status.capacity.storage}=96Mi', ['pvc/small', 'pvc/device']);
    expect(await bytesOf('filler', '/small')).toBeGreaterThan(before + 48 * 2 ** 20);
    expect(await sh('filler', 'blockdev --getsize64 /dev/device')).toBe(String(96 * 2 ** 20));
    await sh('filler', 'dd if=/dev/zero of=/small/a bs=1M count=40');
  });

  it('that is made larger than its snapshot has the space', async () => {
    await cluster.apply(makeSnapshot('small', 'small'));
    await usable('small');
    await cluster.apply(
      makeClaim('larger', { storageClass: 'sized', size: '256Mi', source: { snapshot: 'small' } }),
      makePod('larger', { files: ['larger'] }),
    );
    await ready('larger');
    expect(await bytesOf('larger', '/larger')).toBeGreaterThan(200 * 2 ** 20);
    expect(await sh('larger', 'stat -c %s /larger/a')).toBe(String(40 * 2 ** 20));
  });
});

describe('a claim', () => {
  const phase = async (name: string) =>
    ((await cluster.api.get<Claim>(`/api/v1/namespaces/default/persistentvolumeclaims/${name}`)) as Claim)
      .status.phase;

  it('of class wait waits for its first consumer', async () => {
    await cluster.apply(makeClaim('late', { storageClass: 'wait' }), makeClaim('early'));
    await cluster.waitFor('jsonpath={.status.phase}=Bound', ['pvc/early']);
    expect(await phase('late')).toBe('Pending');
    await cluster.apply(makePod('consumer', { files: ['late'] }));
    await ready('consumer');
    expect(await phase('late')).toBe('Bound');
  });

  it('of class plain has neither snapshots nor clones, and is told so', async () => {
    await cluster.apply(makeClaim('plain', { storageClass: 'plain' }));
    await cluster.waitFor('jsonpath={.status.phase}=Bound', ['pvc/plain']);
    await cluster.apply(
      makeClaim('cloned', { storageClass: 'plain', source: { claim: 'plain' } }),
      makeSnapshot('plain', 'plain'),
    );
    const events = await eventually(
      () => messages('cloned', 'ProvisioningFailed'),
      (text) => text !== '',
    );
    expect(events).toContain('CSI driver does not support clone operations');
    const error = ['get', 'volumesnapshot', 'plain', '-o', 'jsonpath={.status.error.message}'];
    expect(
      await eventually(
        () => cluster.kubectl(error),
        (text) => text !== '',
      ),
    ).toContain('there is no volume');
    expect(await phase('cloned')).toBe('Pending');
  });
});

describe('a driver that is told to', () => {
  it('makes no volume, and says why; and makes it once it can', async () => {
    await cluster.setFaults({ 'default/refused*': { provision: 'the array is full' } });
    await cluster.apply(makeClaim('refused'), makeClaim('other'));
    await cluster.waitFor('jsonpath={.status.phase}=Bound', ['pvc/other']);
    const events = await eventually(
      () => messages('refused', 'ProvisioningFailed'),
      (text) => text !== '',
    );
    expect(events).toContain(
      'failed to provision volume with StorageClass "fast": rpc error: code = Internal desc = the array is full',
    );
    await cluster.setFaults({});
    await cluster.waitFor('jsonpath={.status.phase}=Bound', ['pvc/refused']);
  });

  it('takes no snapshot, and says why; and takes it once it can', async () => {
    await cluster.setFaults({ 'default/other': { snapshot: 'the array is busy' } });
    await cluster.apply(makeSnapshot('failing', 'other'));
    const error = ['get', 'volumesnapshot', 'failing', '-o', 'jsonpath={.status.error.message}'];
    expect(
      await eventually(
        () => cluster.kubectl(error),
        (text) => text !== '',
      ),
    ).toContain('the array is busy');
    await cluster.setFaults({});
    await usable('failing');
  });

  it('takes snapshots that are not ready, or not yet', async () => {
    await cluster.setFaults({ '*/other': { isSnapshotNeverReady: true } });
    await cluster.apply(makeSnapshot('never', 'other'));
    await cluster.waitFor('jsonpath={.status.readyToUse}=false', ['volumesnapshot/never']);
    await cluster.setFaults({ '*/other': { snapshotReadyAfterMs: 1_500 } });
    await cluster.apply(makeSnapshot('slow', 'other'));
    await cluster.waitFor('jsonpath={.status.readyToUse}=false', ['volumesnapshot/slow']);
    await usable('slow');
  });
});
