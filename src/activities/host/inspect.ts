import { sendsManyTrees } from '../../model/movers';
import { TidemarkError } from '../../model/errors';
import { volumeOf, volumePath } from '../../model/endpoints';
import { inOneLine } from '../../model/failure';
import { describeLacks } from '../../model/keeps';
import { declarationOf } from '../../model/kinds';
import type { Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { MoverSpec, SourceSpec } from '../../model/spec';
import type { Inspection } from '../../volumes/contract';
import { checkBeside } from '../../volumes/shared/apart';
import { listHostsHere } from '../../volumes/shared/memory';
import type { HostActivities } from '../contract';
import type { AgentContext } from './context';
import { checkHook } from './hook';
import { isForeign } from './own-data';
import { chooseCaptureMethod, choosePointMethod } from './copy-method';

type Input = Parameters<HostActivities['inspectEndpoint']>[0];

function problemText(error: unknown): string {
  if (!(error instanceof TidemarkError)) return error instanceof Error ? error.message : String(error);
  return inOneLine({ message: error.message, ...error.details });
}

/** Runs a check and notes what is wrong, so that the next one runs too. */
async function note(problems: string[], check: () => unknown): Promise<void> {
  try {
    await check();
  } catch (error) {
    problems.push(problemText(error));
  }
}

/** A restore from a repository that is not there yet VolSync takes for done, with nothing restored: it may be made later. */
const mayBeMadeLater = (source: SourceSpec) => 'repository' in source && source.layout === 'volsync';

function checkSource(source: SourceSpec, inspection: Inspection, problems: string[]): void {
  if (!inspection.exists && !mayBeMadeLater(source)) {
    problems.push(`${volumePath(source)} does not exist; make it, or correct the path`);
    return;
  }
  const method = chooseCaptureMethod(source, inspection);
  if (inspection.capture.includes(method)) return;
  problems.push(
    inspection.whyNot[method] ??
      `${inspection.filesystem} can't do copyMethod ${method}; use ${inspection.capture.join(' or ')}`,
  );
}

/**
 * Of kinds that have files and raw blocks: that the spec's mover carries what is there.
 * @throws TidemarkError `InvalidSpec`
 */
export function checkMode(
  { name }: Host,
  { kind, path }: Volume,
  inspection: Inspection,
  mover: MoverSpec,
): void {
  const isBlock = inspection.isBlock === true;
  const isForBlocks = mover.block !== undefined;
  if (kind !== 'pvc' || !inspection.exists || isBlock === isForBlocks) return;
  const [message, hint] = isBlock
    ? [`${path} is a raw block volume, which holds no files`, 'say in the spec: mover: { block: {} }']
    : [`${path} is a volume of files`, 'leave mover: { block: {} } out of the spec'];
  throw new TidemarkError('InvalidSpec', message, { host: name, volume: path, hint });
}

const TOLD = 3;

/** What a volume has inside of it that is not sent with it. */
function warnOfInner({ innerVolumes = [] }: Inspection): string[] {
  if (innerVolumes.length === 0) return [];
  const named = innerVolumes.slice(0, TOLD).join(', ');
  const rest = innerVolumes.length > TOLD ? ` and ${innerVolumes.length - TOLD} more` : '';
  return [
    `has subvolumes inside, which are not sent along: ${named}${rest}; mover: { btrfs: { nested: true } } sends them too`,
  ];
}

/** What is read while others write to it is a mixture of several moments. */
function warnOfWriters(source: SourceSpec, inspection: Inspection): string[] {
  const { writers = [] } = inspection;
  if (writers.length === 0 || chooseCaptureMethod(source, inspection) !== 'Direct') return [];
  return [
    `is in use (${writers.join('; ')}) and is read as it is: where it is written to meanwhile, the copy is torn; stop the writer in a beforeCapture hook, or copy a snapshot of your own`,
  ];
}

/** What nobody here can freeze. */
function warnOfOnePoint({ kind }: Volume, { points }: Inspection): string[] {
  const isOne = declarationOf(kind).isAtSource === true && points.every((method) => method === 'Direct');
  return isOne ? ['keeps one recovery point, which is the newest state itself: retain is not for it'] : [];
}

/** What a target can't keep of whatever it is sent. */
async function warnOfLacks({ host, volumes }: AgentContext, volume: Volume): Promise<string[]> {
  try {
    const keeps = await volumes.driverFor(volume).keeps?.(host, volume);
    return [keeps && describeLacks(keeps)].filter((text) => text !== undefined);
  } catch {
    // What keeps it from being tried is told by the checks.
    return [];
  }
}

/** What is wrong with one endpoint of a spec, every reason at once. Changes nothing. */
export async function inspectEndpoint(
  context: AgentContext,
  { relationship, role, endpoint, near, door, copyOf, mover, hooks, laterHooks = [], beside = [] }: Input,
): Promise<{ inspection: Inspection; problems: string[]; warnings: string[] }> {
  const { host, volumes } = context;
  const volume: Volume = {
    ...volumeOf(endpoint),
    ...(near && { near }),
    ...(door !== undefined && { door }),
  };
  const driver = volumes.driverFor(volume);
  const problems: string[] = [];
  const warnings: string[] = [];
  const inspection = await driver.inspect(host, volume, { inside: role === 'target', examine: true });
  problems.push(...(inspection.problems ?? []));
  if (mover) await note(problems, () => checkMode(host, volume, inspection, mover));
  if (role === 'source') checkSource(endpoint as SourceSpec, inspection, problems);
  else await note(problems, () => choosePointMethod(endpoint, inspection));
  const { inUse = [] } = inspection;
  if (role === 'target' && inUse.length > 0)
    problems.push(`${volume.path} is in use: ${inUse.join('; ')}; umount it, or name another one`);
  if (role === 'target' || inspection.exists) {
    const epoch = inspection.claim?.relationship === relationship ? inspection.claim.epoch : 1;
    await note(problems, () => driver.check(host, volume, { relationship, epoch, role }));
  }
  if (role === 'target') {
    const here = await listHostsHere(host);
    const others = beside
      .filter((other) => here.includes(other.endpoint.host))
      .map((other) => ({ role: other.role, volume: volumeOf(other.endpoint) }));
    await note(problems, () => checkBeside({ host, volume }, { relationship, role }, others));
  }
  for (const hook of hooks) await note(problems, () => checkHook(context, volume, hook));
  // Each may be meant for one target alone; elsewhere it fails once it is needed, which is the worst moment to hear of it.
  for (const hook of laterHooks) await note(warnings, () => checkHook(context, volume, hook));
  if (role === 'target' && isForeign(inspection, { claim: { relationship }, copyOf })) {
    warnings.push(
      `holds data that no sync put there; the first sync will stop and ask for tidemark approve ${relationship}`,
    );
  }
  if (role === 'source') warnings.push(...warnOfWriters(endpoint as SourceSpec, inspection));
  if (!mover || !sendsManyTrees(mover)) warnings.push(...warnOfInner(inspection));
  if (role === 'target') {
    warnings.push(...warnOfOnePoint(volume, inspection), ...(await warnOfLacks(context, volume)));
  }
  return { inspection, problems, warnings: [...new Set(warnings)] };
}
