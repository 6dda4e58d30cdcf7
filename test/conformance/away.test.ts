/** A kind of volume that is not where its agent is goes through everything that a directory does. */
import { NativeConnection, Worker } from '@temporalio/worker';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { makeHostActivities } from '../../src/activities/host';
import { ActivityInterceptor } from '../../src/activities/interceptor';
import { Turns } from '../../src/activities/turns';
import { makeLocalHost } from '../../src/hosts/local';
import { startLandingSshd } from '../../src/landings/sshd';
import { makeHostQueue } from '../../src/model/names';
import { IMPLEMENTATIONS, makeVolumes } from '../../src/volumes/registry';
import { awayDirectories, AwayHost } from '../support/hosts/away';
import { compareTrees } from '../support/trees/compare-trees';
import { makeNastyTree } from '../support/trees/nasty-tree';
import { TwoHosts } from '../support/hosts/netns';
import { eventually, TestSystem } from '../support/system/system';

const log = pino({ level: 'silent' });

/** An agent in this process, whose directories are away. */
class Agent {
  private constructor(
    private readonly worker: Worker,
    private readonly running: Promise<void>,
    private readonly connection: NativeConnection,
    private readonly stopLandings: () => Promise<void>,
  ) {}

  static async start(away: AwayHost, home: string, advertisedAddress: string): Promise<Agent> {
    const host = makeLocalHost({ name: away.name, home });
    const service = await startLandingSshd(host, { listenAddress: '0.0.0.0', advertisedAddress });
    const volumes = makeVolumes(host, { ...IMPLEMENTATIONS, directory: awayDirectories(away) });
    const connection = await NativeConnection.connect({ address: system.env.TEMPORAL_ADDRESS ?? '' });
    const about = { host: away.name, turns: new Turns() };
    const worker = await Worker.create({
      connection,
      taskQueue: makeHostQueue(away.name),
      activities: makeHostActivities({ host, landings: service.landings, volumes, log }),
      interceptors: {
        activity: [(context) => ({ inbound: new ActivityInterceptor(context, log, about) })],
      },
    });
    return new Agent(worker, worker.run(), connection, () => service.stop());
  }

  async stop(): Promise<void> {
    this.worker.shutdown();
    await this.running;
    await this.connection.close();
    await this.stopLandings();
  }
}

let folder: string;
let hosts: TwoHosts;
let system: TestSystem;
let alpha: AwayHost;
let beta: AwayHost;
const agents: Record<string, Agent> = {};

const startAgent = async (away: AwayHost, side: 'a' | 'b') => {
  const home = join(folder, away.name);
  await mkdir(home, { recursive: true });
  agents[away.name] = await Agent.start(away, home, hosts.management(side));
};

const wiki = (away: AwayHost) => join(away.root, 'wiki');

/** Waits until no runner is left for a transfer, at either host. */
const untilNothingIsUp = () =>
  eventually('no runner is left', async () =>
    Promise.resolve(alpha.uses.length + beta.uses.length === 0 ? true : undefined),
  );

const expectEqual = async (other = beta.see(wiki(beta))) =>
  expect(await compareTrees(alpha.see(wiki(alpha)), other)).toEqual([]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-away-agents-'));
  hosts = await TwoHosts.make();
  system = await TestSystem.start({ agents: {} });
  alpha = await AwayHost.start('alpha', hosts, 'a');
  beta = await AwayHost.start('beta', hosts, 'b');
  // Each agent's own landings are where the other's volumes can reach them.
  await startAgent(alpha, 'b');
  await startAgent(beta, 'a');
  await mkdir(alpha.see(wiki(alpha)));
  await makeNastyTree(alpha.see(wiki(alpha)));
  await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: wiki }
spec:
  source: { host: alpha, directory: ${wiki(alpha)} }
  targets: [{ host: beta, directory: ${wiki(beta)} }]
  mover: { rsync: { bandwidthLimit: 16MiB, compress: none } }
`);
  await eventually('the first sync', async () => (await system.status('wiki')).lastSync);
});
afterAll(async () => {
  for (const agent of Object.values(agents)) await agent.stop();
  await system.stop();
  await alpha.remove();
  await beta.remove();
  await hosts.remove();
  await rm(folder, { recursive: true, force: true });
});

const sync = async () => {
  const { exitCode, stdout, stderr } = await system.cli(['sync', 'wiki', '--wait']);
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
};

it('is copied whole, and no runner stays', async () => {
  await expectEqual();
  await untilNothingIsUp();
});

it('is compared by its contents, and damage is found', async () => {
  await writeFile(alpha.see(join(wiki(alpha), 'page')), 'as it was');
  await sync();
  expect(await system.cli(['verify', 'wiki'])).toMatchObject({ exitCode: 0 });
  await untilNothingIsUp();
});

it('goes on where its runners are lost in the middle of a transfer', async () => {
  await writeFile(alpha.see(join(wiki(alpha), 'big')), Buffer.alloc(80e6, 'x'));
  const syncing = sync();
  await eventually('bytes move', async () => {
    const isUp =
      beta.uses.some(({ target }) => target === 'beta') && alpha.uses.some(({ target }) => target === 'beta');
    return Promise.resolve(isUp ? true : undefined);
  });
  await Promise.all([alpha.loseRunners(), beta.loseRunners()]);
  await syncing;
  const records = await system.json<{ targets: { attempts: number }[] }[]>(
    'history',
    'wiki',
    '--kind',
    'sync',
  );
  expect(records.some(({ targets }) => targets.some(({ attempts }) => attempts > 1))).toBe(true);
  await expectEqual();
  await untilNothingIsUp();
});

it('is restored from a recovery point to a folder of an agent', async () => {
  const to = join(folder, 'restored');
  const argv = ['restore', 'wiki', '--point', 'latest', '--to', `alpha:${to}`, '--yes'];
  expect(await system.cli(argv)).toMatchObject({ exitCode: 0 });
  await expectEqual(to);
  await untilNothingIsUp();
});

it('leaves no runner up where the agent of the target is another one by the time of the point', async () => {
  await writeFile(alpha.see(join(wiki(alpha), 'more')), Buffer.alloc(16e6, 'y'));
  const syncing = sync();
  await eventually('the landing is open', async () =>
    Promise.resolve(beta.uses.some(({ target }) => target === 'beta') ? true : undefined),
  );
  await agents['beta']?.stop();
  await startAgent(beta, 'a');
  await syncing;
  await expectEqual();
  await untilNothingIsUp();
});

it('fails over, and is brought back', async () => {
  const over = await system.cli(['failover', 'wiki', '--target', 'beta', '--yes']);
  expect(over).toMatchObject({ exitCode: 0 });
  await writeFile(beta.see(join(wiki(beta), 'written there')), 'x');
  const back = await system.cli(['reverse', 'wiki', '--yes']);
  expect(back).toMatchObject({ exitCode: 0 });
  expect(await readFile(alpha.see(join(wiki(alpha), 'written there')), 'utf8')).toBe('x');
  await expectEqual();
  await untilNothingIsUp();
});
