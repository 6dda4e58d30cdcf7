/** Changes of the primary in a running system, for tests: asked for as a client does, and waited for. */
import { makeRelationshipId } from '../../../src/model/names';
import type { RelationshipStatus } from '../../../src/model/status';
import { describeFailure } from '../../../src/model/failure';
import type { Failure } from '../../../src/model/records';
import { eventually, type TestSystem } from './system';

/** How an operation ended: with its result, or with the failure that users read. */
export interface Ended<Result> {
  workflowId: string;
  result?: Result;
  failure?: string;
}

/** An update of a relationship, as a client sends it. */
export async function update<Result>(
  system: TestSystem,
  name: string,
  operation: string,
  request: object = {},
): Promise<Result> {
  const client = await system.client();
  const handle = client.workflow.getHandle(makeRelationshipId(name));
  return await handle.executeUpdate<Result, [object]>(operation, { args: [request] });
}

/** Asks for an operation; its workflow id. */
export async function start(...asked: Parameters<typeof update>): Promise<string> {
  return (await update<{ workflowId: string }>(...asked)).workflowId;
}

/** Waits for an operation's end, however it ends. */
export async function awaitEnd<Result>(system: TestSystem, workflowId: string): Promise<Ended<Result>> {
  const client = await system.client();
  try {
    return { workflowId, result: (await client.workflow.getHandle(workflowId).result()) as Result };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const failure = (cause as { details?: Failure[] } | undefined)?.details?.[0];
    return { workflowId, failure: failure?.type ? describeFailure(failure) : String(cause ?? error) };
  }
}

/** Asks for an operation, and waits until the relationship has heard of its end, however it ends. */
export async function attempt<Result>(
  system: TestSystem,
  name: string,
  operation: string,
  request: object = {},
): Promise<Ended<Result>> {
  const workflowId = await start(system, name, operation, request);
  const ended = await awaitEnd<Result>(system, workflowId);
  await untilStatus(
    system,
    name,
    `it has heard of the end of ${operation}`,
    ({ operation: running, drill }) => running?.workflowId !== workflowId && drill?.workflowId !== workflowId,
  );
  return ended;
}

/** Asks for an operation and expects it to end well. */
export async function carryOut<Result>(...asked: Parameters<typeof attempt>): Promise<Result> {
  const { result, failure } = await attempt<Result>(...asked);
  if (result === undefined) throw new Error(`${asked[2]} failed: ${failure ?? ''}`);
  return result;
}

export function untilStatus(
  system: TestSystem,
  name: string,
  what: string,
  holds: (status: RelationshipStatus) => boolean,
  timeoutMs?: number,
): Promise<RelationshipStatus> {
  const ask = async () => {
    const status = await system.status(name);
    return holds(status) ? status : undefined;
  };
  return eventually(`${name}: ${what}`, ask, timeoutMs);
}

/** Sends a signal to a relationship, as the Temporal UI does. */
export async function signalRelationship(
  system: TestSystem,
  name: string,
  signal: string,
  input?: object,
): Promise<void> {
  const client = await system.client();
  await client.workflow.getHandle(makeRelationshipId(name)).signal(signal, ...(input ? [input] : []));
}
