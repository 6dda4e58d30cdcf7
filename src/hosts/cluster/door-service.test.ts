import type { ClusterApi } from './contract';
import { addressOf, changeOf, type DoorService, ensureDoorService, makeDoorService } from './door-service';
import type { Service } from './objects';

const WANTED: DoorService = { namespace: 'shop', name: 'door', scheme: 'ssh', port: 22 };
const make = (spec: Service['spec'], status: Service['status'] = {}): Service => ({
  ...makeDoorService(WANTED),
  ...{ spec, status },
});

it('publishes the address of a Service: its own, or that of its load balancer, by name before number', () => {
  expect(addressOf(make({ clusterIP: '10.0.0.1' }))).toBe('10.0.0.1');
  expect(addressOf(make({ type: 'NodePort', clusterIP: '10.0.0.1' }))).toBe('10.0.0.1');
  const balanced = (...ingress: { ip?: string; hostname?: string }[]) =>
    addressOf(make({ type: 'LoadBalancer', clusterIP: '10.0.0.1' }, { loadBalancer: { ingress } }));
  expect(balanced()).toBeUndefined();
  expect(balanced({ ip: '192.0.2.7' })).toBe('192.0.2.7');
  expect(balanced({ ip: '192.0.2.7', hostname: 'lb.example.net' })).toBe('lb.example.net');
});

it('leads to the pod that bears its name, and changes what is no longer as it is to be', () => {
  const there = makeDoorService(WANTED);
  expect(there.spec).toEqual({
    type: 'ClusterIP',
    selector: { 'tidemark.dev/door': 'door' },
    ports: [{ name: 'ssh', port: 22, targetPort: 2022 }],
  });
  expect(changeOf(there, WANTED)).toBeUndefined();
  expect(changeOf(there, { ...WANTED, type: 'LoadBalancer', annotations: { a: 'b' } })).toMatchObject({
    metadata: { annotations: { a: 'b' } },
    spec: { type: 'LoadBalancer' },
  });
});

it('takes over the Service of whoever served its resource before, whose address stays', async () => {
  const owner = {
    apiVersion: 'volsync.backube/v1alpha1',
    kind: 'ReplicationDestination',
    name: 'db',
    uid: '1',
  };
  const theirs: Service = {
    ...{ apiVersion: 'v1', kind: 'Service' },
    metadata: { name: 'door', namespace: 'shop', ownerReferences: [owner] },
    spec: {
      ...{ type: 'ClusterIP', clusterIP: '10.0.0.1' },
      selector: { 'app.kubernetes.io/name': 'dst-db' },
      ports: [{ name: 'ssh', port: 22, targetPort: 8022 }],
    },
  };
  const patch = jest.fn((_reference: unknown, _change: unknown) => Promise.resolve(theirs));
  const api = { create: () => Promise.resolve(theirs), patch } as unknown as ClusterApi;
  await expect(ensureDoorService({ name: 'east', api }, { ...WANTED, owner })).resolves.toBe(theirs);
  expect(patch.mock.calls[0]?.[1]).toEqual({
    metadata: { annotations: {}, labels: { 'app.kubernetes.io/managed-by': 'tidemark' } },
    spec: {
      type: 'ClusterIP',
      selector: { 'app.kubernetes.io/name': null, 'tidemark.dev/door': 'door' },
      ports: [{ name: 'ssh', port: 22, targetPort: 2022 }],
    },
  });
});

it('takes nobody else’s Service, and leaves to its owner what that makes of it', async () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'theirs', uid: '1' };
  const asIf = (there: Service) => ({
    name: 'east',
    api: { create: () => Promise.resolve(there) } as unknown as ClusterApi,
  });
  const theirs = { ...makeDoorService(WANTED), metadata: { name: 'door', namespace: 'shop' } };
  await expect(ensureDoorService(asIf(theirs), WANTED)).rejects.toMatchObject({ type: 'InvalidSpec' });
  const owned = makeDoorService({ ...WANTED, type: 'NodePort', owner });
  await expect(ensureDoorService(asIf(owned), WANTED)).resolves.toBe(owned);
  const another = { ...WANTED, owner: { ...owner, uid: '2' } };
  await expect(ensureDoorService(asIf(owned), another)).rejects.toThrow('ConfigMap theirs has made');
});
