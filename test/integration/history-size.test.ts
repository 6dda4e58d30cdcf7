/** What one sync costs in Temporal's histories: their size bounds how long a relationship lives in one run. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRelationshipId } from '../../src/model/names';
import { syncUpdate } from '../../src/api/messages';
import { TestFilesystem } from '../support/storage/filesystems';
import { eventually, TestSystem } from '../support/system/system';

const MOST_EVENTS = 60;

let system: TestSystem;
let filesystem: TestFilesystem;

beforeAll(async () => {
  [system, filesystem] = await Promise.all([TestSystem.start(), TestFilesystem.make('btrfs')]);
}, 120_000);

afterAll(async () => {
  await system.stop();
  await filesystem.dispose();
}, 60_000);

async function countEvents(workflowId: string): Promise<number> {
  const client = await system.client();
  return (await client.workflow.getHandle(workflowId).fetchHistory()).events?.length ?? 0;
}

/** Events of a history once its last workflow task is through. */
async function countSettled(workflowId: string): Promise<number> {
  return eventually('the history stands still', async () => {
    const before = await countEvents(workflowId);
    await new Promise((done) => setTimeout(done, 1500));
    return before === (await countEvents(workflowId)) ? before : undefined;
  });
}

test.each(['Direct', 'Clone'])(
  `a sync of a source read by %s to one target takes at most ${MOST_EVENTS} events, relationship and sync together`,
  async (copyMethod) => {
    const name = `events-${copyMethod.toLowerCase()}`;
    const source = join(filesystem.mountPoint, name);
    await mkdir(source);
    await writeFile(join(source, 'file'), 'content');
    await system.apply(`
apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${name} }
spec:
  source: { host: alpha, directory: ${source}, copyMethod: ${copyMethod} }
  targets: [{ host: beta, directory: ${join(filesystem.mountPoint, `${name}-copy`)} }]
`);
    await eventually('the first sync is through', async () => {
      const status = await system.status(name);
      return status.lastSync && !status.operation ? status : undefined;
    });
    const relationship = makeRelationshipId(name);
    const before = await countSettled(relationship);
    const client = await system.client();
    await writeFile(join(source, 'file'), 'other content');
    const { workflowId = '', result } = await client.workflow
      .getHandle(relationship)
      .executeUpdate(syncUpdate, { args: [{ wait: true }] });
    expect(result).toBe('succeeded');
    const events = (await countSettled(relationship)) - before + (await countEvents(workflowId));
    expect(events).toBeLessThanOrEqual(MOST_EVENTS);
  },
  120_000,
);
