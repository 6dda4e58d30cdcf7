/** Messages are made once and none is lost, whatever is away, restarted, or decides at the same time: on a real catalog. */
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Catalog } from '../../src/catalog/contract';
import { openCatalog } from '../../src/catalog/open';
import { FleetView } from '../../src/workers/fleet/fleet-view';
import { NotifyFile } from '../../src/workers/notify/notify-file';
import { Watcher } from '../../src/workers/notify/watcher';
import { makeStatus } from '../support/model/status';

let folder: string;
let catalog: Catalog;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-watcher-'));
  catalog = await openCatalog({ dataDir: join(folder, 'catalog') });
  const receivers = ['ops', 'boss'].map((name) => ({ name, program: { argv: ['/x'] } }));
  const routes = [{ to: ['ops', 'boss'], groupWait: '0s' }];
  await writeFile(join(folder, 'notify.yaml'), JSON.stringify({ receivers, routes }));
});

afterAll(async () => {
  await catalog.close();
  await rm(folder, { recursive: true, force: true });
});

/** All of Temporal that a watcher needs: what was begun, each once, unless it is away. */
class Begun {
  readonly ids: string[] = [];
  isAway = false;
  readonly client = {
    withDeadline: (_until: number, act: () => Promise<unknown>) => act(),
    workflow: {
      start: async (workflowType: string, { workflowId }: { workflowId: string }) => {
        if (this.isAway) throw new Error('14 UNAVAILABLE');
        if (this.ids.includes(workflowId))
          throw new WorkflowExecutionAlreadyStartedError('there is one', workflowId, workflowType);
        this.ids.push(workflowId);
      },
    },
  } as unknown as Client;
}

function makeWatcher({ client }: Begun, known: Partial<Catalog> = {}): Watcher {
  const log = pino({ level: 'silent' });
  const view = new FleetView(catalog);
  return new Watcher({
    fleet: { known: () => view.read() },
    catalog: { ...catalog, ...known },
    notifier: { receivers: async () => [], send: async () => undefined },
    file: new NotifyFile(join(folder, 'notify.yaml'), log),
    ...{ client, log },
  });
}

let clock = Date.now();
async function tell(name: string, result: 'succeeded' | 'failed'): Promise<void> {
  const status = makeStatus(name, {}, { phase: 'Idle' });
  const capturedAt = new Date().toISOString();
  const targets = status.targets.map((target) => ({ ...target, result, capturedAt }));
  clock += 1000;
  await catalog.recordStates([{ status: { ...status, targets }, at: new Date(clock).toISOString() }]);
}

async function deliverAll(): Promise<void> {
  const at = new Date().toISOString();
  for (const { receiver, id } of await catalog.notices({ state: 'waiting', limit: 99 }))
    await catalog.settleNotice({ receiver, id, how: 'sent', at, problem: null });
}

const titles = async () =>
  (await catalog.notices({ limit: 99 }))
    .map(({ receiver, content }) => `${receiver}: ${content.title}`)
    .toSorted();

test('two that look at the same time, again and again, make each message once and begin it once', async () => {
  const begun = new Begun();
  const both = [makeWatcher(begun), makeWatcher(begun)];
  for (const result of ['failed', 'succeeded', 'failed'] as const) {
    await tell('wiki', result);
    for (let round = 0; round < 3; round++) await Promise.all(both.map((watcher) => watcher.look()));
    await deliverAll();
  }
  expect(await titles()).toEqual(
    ['boss', 'ops'].flatMap((name) => [
      `${name}: wiki to beta is failing`,
      `${name}: wiki to beta is failing`,
      `${name}: wiki to beta is no longer failing`,
    ]),
  );
  expect(new Set(begun.ids).size).toBe(6);
});

test('one that is started anew repeats nothing and loses nothing', async () => {
  const begun = new Begun();
  const before = await titles();
  await makeWatcher(begun).look();
  expect(await titles()).toEqual(before);
  await tell('wiki', 'succeeded');
  // Killed once it is written down, and before anything is begun.
  begun.isAway = true;
  await makeWatcher(begun).look();
  expect(await titles()).toHaveLength(before.length + 2);
  expect(begun.ids).toEqual([]);
  begun.isAway = false;
  await makeWatcher(begun).look();
  await makeWatcher(begun).look();
  expect(await titles()).toHaveLength(before.length + 2);
  expect(begun.ids).toHaveLength(2);
  await deliverAll();
});

test('while Temporal is away, what goes wrong is kept, and begun when it is back', async () => {
  const begun = new Begun();
  const watcher = makeWatcher(begun);
  begun.isAway = true;
  await tell('mail', 'failed');
  await watcher.look();
  await watcher.look();
  expect(await titles()).toContain('ops: mail to beta is failing');
  expect(begun.ids).toEqual([]);
  begun.isAway = false;
  await watcher.look();
  await watcher.look();
  expect(begun.ids).toHaveLength(2);
  await deliverAll();
});

test('a decision that the catalog did not take is made again', async () => {
  const begun = new Begun();
  let isBroken = true;
  const watcher = makeWatcher(begun, {
    recordDecision: async (decision) => {
      if (isBroken) throw new Error('the catalog is away');
      return await catalog.recordDecision(decision);
    },
  });
  await tell('mail', 'succeeded');
  await watcher.look();
  expect(begun.ids).toEqual([]);
  isBroken = false;
  await watcher.look();
  expect(await titles()).toContain('ops: mail to beta is no longer failing');
  expect(begun.ids).toHaveLength(2);
});
