/** What others keep in a store is told by whoever can look there, whatever becomes of the source. */
import { randomUUID } from 'node:crypto';
import type { ListOthersInput } from '../../src/api/messages';
import { decodeFailure } from '../../src/model/failure-wire';
import { CONTROL_QUEUE } from '../../src/model/names';
import type { OthersAnswer } from '../../src/model/others';
import { checkParts } from '../support/model/check-parts';
import { FakeHost, FakeWorld } from './fakes';

let world: FakeWorld;
const beta = new FakeHost('beta');
const gamma = new FakeHost('gamma');

beforeAll(async () => {
  world = await FakeWorld.start();
  await Promise.all([beta, gamma].map((host) => world.startHost(host)));
}, 120_000);
afterAll(() => world.stop());

/** The source's host, alpha, has no agent. */
async function list(host?: string): Promise<OthersAnswer> {
  const { relationship: document } = checkParts({
    targets: [
      { host: 'beta', directory: '/srv/wiki' },
      { host: 'gamma', directory: '/srv/wiki' },
      { repository: 's3:https://s3.example.net/wiki', credentials: 'wiki' },
    ],
  });
  if (!document) throw new Error('the document is wrong');
  return await world.env.client.workflow.execute<(input: ListOthersInput) => Promise<OthersAnswer>>(
    'listOthers',
    {
      ...{ workflowId: randomUUID(), taskQueue: CONTROL_QUEUE },
      args: [{ document, request: { limit: 50, ...(host !== undefined && { host }) } }],
    },
  );
}

const failureOf = (error: unknown) => {
  const { cause } = error as { cause: { type?: string; message?: string; details?: unknown } };
  return decodeFailure(cause);
};

test('the source being away, and the next host without credentials, a third one tells', async () => {
  beta.failNext = { listOthers: 'AuthRejected' };
  expect(await list()).toMatchObject({ relationship: 'wiki', target: 'repository', host: 'gamma', total: 7 });
}, 60_000);

test('where nobody can, what one has said is told, and not that another is away', async () => {
  beta.failNext = { listOthers: 'AuthRejected' };
  gamma.failNext = { listOthers: 'HostUnreachable' };
  const failure = await list().catch(failureOf);
  expect(failure).toMatchObject({ type: 'AuthRejected', host: 'beta', message: 'listOthers failed' });
}, 60_000);

test('a host that is named, and has no agent, is not stood in for', async () => {
  const failure = await list('alpha').catch(failureOf);
  expect(failure).toMatchObject({ type: 'HostUnreachable', host: 'alpha', noAgent: true });
}, 60_000);
