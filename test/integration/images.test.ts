/** Images of a primary that is lost, taken over and comes back: a whole system, real stores, from the command line. */
import type { DrillOutcome } from '../../src/model/status';
import type { FailoverResult, ReverseResult } from '../../src/api/messages';
import { ImageStore } from '../support/storage/image-stores';
import { carryOut } from '../support/system/switching';
import { TestSystem } from '../support/system/system';
import { applyAndSync, syncWell, writeDocument } from '../support/system/user';

const WIKI = 'registry.example/team/wiki:v1';
const BLOG = 'registry.example/team/blog:v1';
const LATE = 'registry.example/team/late:v1';

let system: TestSystem;
let alpha: ImageStore;
let beta: ImageStore;

beforeAll(async () => {
  system = await TestSystem.start();
  alpha = await ImageStore.make('podman');
  beta = await ImageStore.make('podman');
});
afterAll(async () => {
  await system.stop();
  await alpha.dispose();
  await beta.dispose();
});

it('are applied, copied, verified, told as points, failed over to, reversed and rehearsed', async () => {
  const name = 'shop';
  const first = await alpha.add(WIKI, ['base', 'wiki']);
  const synced = await applyAndSync(system, name, {
    source: { host: 'alpha', image: alpha.volume.path },
    targets: [{ host: 'beta', image: beta.volume.path }],
    retain: { last: 3 },
  });
  expect(synced).toMatchObject({ result: 'succeeded', targets: [{ result: 'succeeded' }] });
  expect(await beta.userNames()).toEqual({ [WIKI]: first });

  const blog = await alpha.add(BLOG, ['base', 'blog']);
  await syncWell(system, name);
  expect(await beta.userNames()).toEqual({ [WIKI]: first, [BLOG]: blog });
  const verified = await system.cli(['verify', name]);
  expect(verified).toMatchObject({ exitCode: 0 });
  const points = await system.points(name);
  expect(points).toHaveLength(2);

  const elsewhere = ['--point', points[0]?.id ?? '', '--to', 'beta:/tmp/nowhere', '--yes'];
  const { exitCode, stderr } = await system.cli(['restore', name, ...elsewhere]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toMatch(/can't be restored into a directory/);

  await alpha.add(LATE, ['late']);
  const { epoch } = await carryOut<FailoverResult>(system, name, 'failover');
  expect(epoch).toBe(2);
  expect(await beta.userNames()).toEqual({ [WIKI]: first, [BLOG]: blog });
  await beta.remove(BLOG);
  const second = await beta.add(BLOG, ['base', 'blog 2']);

  await carryOut<ReverseResult>(system, name, 'reverse', { acceptDiverged: true });
  expect(await alpha.userNames()).toEqual({ [WIKI]: first, [BLOG]: second });
  await syncWell(system, name);
  const drill = await carryOut<DrillOutcome>(system, name, 'drill');
  expect(drill).toBeDefined();
  expect(await alpha.userNames()).toEqual({ [WIKI]: first, [BLOG]: second });
});

it('of engines that name them by other digests are refused at once', async () => {
  const stdin = writeDocument('mixed', {
    source: { host: 'alpha', image: 'podman' },
    targets: [{ host: 'beta', image: 'containerd' }],
  });
  const refused = await system.cli(['apply', '-f', '-', '-o', 'json'], { stdin });
  expect(refused.exitCode).not.toBe(0);
  expect(`${refused.stdout}${refused.stderr}`).toMatch(/images of podman can't be copied to containerd/);
});
