/** A relationship whose workflow was terminated in the Temporal UI is down everywhere, and comes back. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTROL_QUEUE } from '../../src/model/names';
import type { RelationshipSummary } from '../../src/model/summary';
import { untilStatus } from '../support/system/switching';
import { eventually, TestSystem } from '../support/system/system';
import { writeDocument } from '../support/system/user';

let system: TestSystem;
let document: string;
const at = (...parts: string[]) => join(system.folder, ...parts);
const describeFrom = (folder: string) =>
  writeDocument('wiki', {
    source: { host: 'alpha', directory: at(folder) },
    targets: [{ host: 'beta', directory: at('beta') }],
    trigger: { schedule: '* * * * *' },
  });
const applyAt = (folder: string) => system.cli(['apply', '-f', '-'], { stdin: describeFrom(folder) });
const untilInStep = () =>
  untilStatus(system, 'wiki', 'it is in step', ({ lastSync }) => lastSync?.result === 'succeeded');

beforeAll(async () => {
  system = await TestSystem.start();
  await mkdir(at('alpha'), { recursive: true });
  await writeFile(at('alpha', 'page'), 'first');
  document = describeFrom('alpha');
  await system.apply(document);
  await untilInStep();
  const client = await system.client();
  await client.workflow.getHandle('relationship/wiki').terminate('one click');
}, 120_000);

afterAll(() => system.stop());

it('is down, not absent, in every list', async () => {
  const [listed, one] = [
    await system.json<RelationshipSummary[]>('get'),
    await system.json<RelationshipSummary>('get', 'wiki'),
  ];
  for (const summary of [...listed, one])
    expect(summary).toMatchObject({ name: 'wiki', status: 'down', phase: 'Vanished', nextRun: null });
  const table = await system.cli(['get']);
  expect(table.stdout).toMatch(/was terminated at .*tidemark apply -f FILE/);
  const check = await system.cli(['get', '--check']);
  expect(check).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('terminated') as unknown });
  const http = (await (await fetch(`${system.httpAddress}/v1/relationships`)).json()) as unknown[];
  expect(http).toMatchObject([{ name: 'wiki', status: 'down' }]);
  const metrics = await (await fetch(`${system.httpAddress}/metrics`)).text();
  expect(metrics).toContain('tidemark_target_status{relationship="wiki",target="beta"} 2');
});

it('is said to be terminated, not deleted, by every command', async () => {
  for (const args of [
    ['sync', 'wiki'],
    ['delete', 'wiki', '--yes'],
    ['pause', 'wiki'],
    ['failover', 'wiki', '--yes'],
  ]) {
    const { exitCode, stderr } = await system.cli(args);
    expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 3 });
    expect(stderr).toContain('was terminated');
    expect(stderr).not.toContain('deleted');
  }
});

it('has its ticks fail, and say why', async () => {
  const client = await system.client();
  await client.schedule.getHandle('wiki').trigger();
  const failed = await eventually('a tick has failed', async () => {
    for await (const run of client.workflow.list({
      query: "WorkflowType = 'requestSync' AND ExecutionStatus = 'Failed'",
    }))
      return run;
    return undefined;
  });
  await expect(client.workflow.getHandle(failed.workflowId, failed.runId).result()).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/terminated|tidemark apply/) as unknown },
  });
});

it('is brought back as it was, and says so, where another spec is refused', async () => {
  const { exitCode, stderr } = await applyAt('nowhere');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2 });
  expect(stderr).toMatch(/^error: refused; but wiki runs again, by the spec that it had:\n.*nowhere/);
  expect(await system.json<RelationshipSummary>('get', 'wiki')).toMatchObject({
    status: 'up',
    vanished: null,
  });
  const again = await applyAt('nowhere');
  expect(again.stderr).toMatch(/^error: refused, and nothing was changed:/);
  await (await system.client()).workflow.getHandle('relationship/wiki').terminate('another click');
});

it('goes on from what it knew once it is applied again', async () => {
  const { stdout } = await system.cli(['apply', '-f', '-'], { stdin: document });
  expect(stdout).toBe('relationship wiki brought back\n');
  const again = await system.cli(['apply', '-f', '-'], { stdin: document });
  expect(again.stdout).toBe('relationship wiki unchanged\n');
  const { sequence } = await untilStatus(
    system,
    'wiki',
    'it is in step again',
    ({ lastSync, sequence: now }) => lastSync?.result === 'succeeded' && now > 1,
  );
  expect(sequence).toBeGreaterThan(1);
  expect(await system.json<RelationshipSummary>('get', 'wiki')).toMatchObject({
    status: 'up',
    vanished: null,
  });
});

it('stays down, and is never taken for deleted, where Temporal has forgotten it and a spec is refused', async () => {
  const client = await system.client();
  // All its runs: what one of before knew would be recalled.
  await eventually('no run of it is left', async () => {
    let left = 0;
    for await (const { workflowId, runId } of client.workflow.list({
      query: "WorkflowId = 'relationship/wiki'",
    })) {
      left++;
      const request = { namespace: 'default', workflowExecution: { workflowId, runId } };
      await client.workflowService.deleteWorkflowExecution(request).catch(() => undefined);
    }
    return left === 0 || undefined;
  });
  await eventually('it is known to be lost', async () => {
    const { exitCode, stdout } = await system.cli(['get', 'wiki', '-o', 'json']);
    const isLost = exitCode === 0 && (JSON.parse(stdout) as RelationshipSummary).vanished?.how === 'lost';
    return isLost || undefined;
  });
  expect((await applyAt('nowhere')).exitCode).toBe(2);
  expect(await system.json('get')).toMatchObject([
    { name: 'wiki', status: 'down', vanished: { how: 'lost' } },
  ]);
  expect((await system.cli(['sync', 'wiki'])).stderr).not.toContain('deleted');
  expect((await applyAt('alpha')).exitCode).toBe(0);
  await untilInStep();
});

it('is down where its workflow runs and can not go on, and is begun anew once it is applied', async () => {
  const client = await system.client();
  await client.workflow
    .getHandle('relationship/wiki')
    .terminate('to be followed by one that no worker can run');
  // As after a reset, or a change of Tidemark, that does not fit the history.
  await client.workflow.start('ofAnotherTidemark', {
    workflowId: 'relationship/wiki',
    taskQueue: CONTROL_QUEUE,
  });
  const found = await eventually('it is known to be stuck', async () => {
    const { exitCode, stdout } = await system.cli(['get', 'wiki', '-o', 'json']);
    return exitCode === 0 ? (JSON.parse(stdout) as RelationshipSummary) : undefined;
  });
  expect(found).toMatchObject({ status: 'down', vanished: { how: 'stuck' } });
  expect(await system.json('get')).toMatchObject([{ name: 'wiki', status: 'down' }]);
  const { exitCode, stderr } = await system.cli(['sync', 'wiki']);
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining("can't go on") as unknown,
  });
  expect((await applyAt('nowhere')).exitCode).toBe(2);
  expect(await system.json<RelationshipSummary>('get', 'wiki')).toMatchObject({ vanished: { how: 'stuck' } });
  expect((await system.cli(['sync', 'wiki'])).stderr).not.toContain('deleted');
  expect((await applyAt('alpha')).exitCode).toBe(0);
  await untilInStep();
  expect(await system.json<RelationshipSummary>('get', 'wiki')).toMatchObject({
    status: 'up',
    vanished: null,
  });
});
