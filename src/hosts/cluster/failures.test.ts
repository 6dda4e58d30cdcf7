import { type Asked, explain, isDoubtful, mayPass } from './failures';

const asked: Asked = { cluster: 'east', verb: 'create', what: 'Job shop/mover', namespace: 'shop' };

it.each([
  [undefined, 'HostUnreachable'],
  [429, 'HostUnreachable'],
  [500, 'HostUnreachable'],
  [503, 'HostUnreachable'],
  [401, 'AuthRejected'],
  [422, 'InvalidSpec'],
])('makes of an answer with code %p an error of type %s, in the words of the server', (code, type) => {
  const answer = { message: 'its own words', ...(code !== undefined && { code }) };
  expect(explain(asked, answer)).toMatchObject({
    type,
    details: { host: 'east', toolMessage: 'its own words' },
  });
});

it('tells a right that is missing from a quota, and both from what a policy refuses', () => {
  const explained = (message: string) => explain(asked, { code: 403, reason: 'Forbidden', message });
  const missing =
    'jobs.batch is forbidden: User "system:serviceaccount:tidemark:agent" cannot create resource "jobs"';
  expect(explained(missing)).toMatchObject({ type: 'AuthRejected' });
  const full =
    'jobs.batch "m" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, used: 2, limited: 2';
  expect(explained(full)).toMatchObject({ type: 'TargetFull' });
  const refused = 'pods "m" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true';
  expect(explained(refused)).toMatchObject({
    type: 'InvalidSpec',
    message: expect.stringContaining('admit') as string,
  });
});

it.each([
  [401, 'Unauthorized', true],
  [403, 'pods is forbidden: User "agent" cannot list resource "pods": RBAC: clusterrole "x" not found', true],
  [403, 'pods "m" is forbidden: violates PodSecurity "restricted:latest"', false],
  [422, 'cannot get on with it', false],
])('asks again where %p says %p: %p', (code, message, isAsked) => {
  expect(isDoubtful({ code, message })).toBe(isAsked);
});

it('names a namespace that is not there', () => {
  expect(explain(asked, { code: 404, message: 'namespaces "shop" not found' })).toMatchObject({
    type: 'VolumeMissing',
    message: 'there is no namespace shop',
  });
});

it('asks again where repeating can help, and nowhere else', () => {
  const passing = [
    {},
    { code: 429 },
    { code: 500 },
    { code: 503 },
    { code: 409, reason: 'Conflict (quota)' },
  ];
  for (const answer of passing) expect(mayPass({ message: '', ...answer })).toBe(true);
  const lasting = [{ code: 403 }, { code: 404 }, { code: 409, reason: 'Conflict' }, { code: 422 }];
  for (const answer of lasting) expect(mayPass({ message: '', ...answer })).toBe(false);
});
