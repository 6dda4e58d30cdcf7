/** A cluster of several nodes has volumes as one of a cloud has: on one node at a time, and not lost with a node. */
import { Cluster } from '../../cluster/cluster';
import { makeClaim, makePod, makeSnapshot } from '../../cluster/objects';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 2 });
});
afterAll(() => cluster?.down());

const [one, two] = ['node-1', 'node-2'];
const ready = (...pods: string[]) =>
  cluster.waitFor(
    'condition=Ready',
    pods.map((name) => `pod/${name}`),
  );
const sh = (pod: string, script: string) => cluster.exec('default', pod, ['sh', '-c', script]);
const field = (object: string, path: string) => cluster.kubectl(['get', object, '-o', `jsonpath={${path}}`]);

/** What the events of a pod say, once it has one of this reason. */
async function waitForEvent(pod: string, reason: string): Promise<string> {
  const selector = `--field-selector=involvedObject.name=${pod},reason=${reason}`;
  for (;;) {
    const text = await cluster.kubectl(['get', 'events', selector, '-o', 'jsonpath={.items[*].message}']);
    if (text !== '') return text;
  }
}

it('lets pods of both nodes reach each other, also by Services', async () => {
  const command = ['busybox', 'httpd', '-f', '-p', '8080', '-h', '/etc'];
  const ports = [{ port: 80, targetPort: 8080 }];
  await cluster.apply(
    makePod('server', { node: two, command }),
    makePod('client', { node: one }),
    makePod('neighbour', { node: two }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'server' },
      spec: { selector: { app: 'server' }, ports },
    },
  );
  await ready('server', 'client', 'neighbour');
  const pod = await field('pod/server', '.status.podIP');
  const service = await field('service/server', '.spec.clusterIP');
  const fetched = ['client', 'neighbour'].flatMap((from) =>
    [`${pod}:8080`, service].map((host) =>
      sh(from, `curl -s -m 5 --retry 3 --retry-connrefused http://${host}/passwd`),
    ),
  );
  for (const text of await Promise.all(fetched)) expect(text).toContain('root:');
});

it('keeps a volume that is ReadWriteOnce from a second node, until the first one lets go', async () => {
  await cluster.apply(
    makeClaim('files', { storageClass: 'sized' }),
    makeClaim('device', { mode: 'Block' }),
    makeClaim('shared', { access: 'ReadWriteMany' }),
    makePod('first', { node: one, files: ['files', 'shared'], devices: ['device'] }),
  );
  await ready('first');
  await sh('first', 'for f in /files/f /shared/f /dev/device; do echo first | dd of=$f conv=notrunc; done');
  await cluster.apply(
    makePod('second', { node: two, files: ['files'], devices: ['device'] }),
    makePod('sharing', { node: two, files: ['shared'] }),
  );
  expect(await waitForEvent('second', 'FailedAttachVolume')).toContain('Multi-Attach error for volume');
  await ready('sharing');
  expect(await sh('sharing', 'cat /shared/f')).toBe('first\n');
  expect(await field('pod/second', '.status.phase')).toBe('Pending');
  await cluster.kubectl(['delete', 'pod', 'first']);
  await ready('second');
  expect(await sh('second', 'cat /files/f; head -c 6 /dev/device')).toBe('first\nfirst\n');
});

it('takes a snapshot of what the other node is writing', async () => {
  await sh('second', 'echo second > /files/f; echo second | dd of=/dev/device conv=notrunc');
  await cluster.apply(makeSnapshot('files', 'files'), makeSnapshot('device', 'device'));
  await cluster.waitFor('jsonpath={.status.readyToUse}=true', [
    'volumesnapshot/files',
    'volumesnapshot/device',
  ]);
  await cluster.apply(
    makeClaim('restored', { storageClass: 'sized', source: { snapshot: 'files' } }),
    makeClaim('restored-device', { mode: 'Block', source: { snapshot: 'device' } }),
    makePod('reader', { node: one, files: ['restored'], devices: ['restored-device'] }),
  );
  await ready('reader');
  expect(await sh('reader', 'cat /restored/f; head -c 7 /dev/restored-device')).toBe('second\nsecond\n');
});

it('has the volumes of a node that is gone, once somebody says that it is', async () => {
  await cluster.cutPowerOf(2);
  await cluster.waitFor('condition=Ready=Unknown', [`node/${two}`]);
  await cluster.apply(makePod('third', { node: one, files: ['files'], devices: ['device'] }));
  expect(await waitForEvent('third', 'FailedAttachVolume')).toContain('Multi-Attach error for volume');
  // As Kubernetes wants it from whoever has seen that the machine is off.
  await cluster.kubectl(['taint', 'node', two, 'node.kubernetes.io/out-of-service=off:NoExecute']);
  await ready('third');
  expect(await sh('third', 'cat /files/f; head -c 7 /dev/device')).toBe('second\nsecond\n');
  await cluster.kubectl(['taint', 'node', two, 'node.kubernetes.io/out-of-service-']);
  await cluster.powerOnNode(2);
  await cluster.apply(makePod('fourth', { node: two }));
  await ready('fourth');
});
