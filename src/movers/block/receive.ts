/** The target's half of the handshake. */
import type { Host } from '../../hosts/contract';
import type { Landings } from '../../landings/contract';
import { TidemarkError } from '../../model/errors';
import type { Mover, Opened } from '../contract';
import { lockWriter } from '../shared/lock-writer';
import { landingNotePath, receiveAttempt } from '../shared/names';
import { openLanding } from '../shared/open-landing';
import { openedBy } from '../shared/told';
import { makeDigestCommand } from './digests';
import { type Found, isBlank, lookAtSomething, readMark } from './look';
import { completeServerCommand } from './server-command';
import { checkFits, checkKnowsDevices } from './sizes';
import { type BlockFound, type BlockOffer, readOffer } from './told';

type ReceiveRequest = Parameters<Mover['receive']>[2];

/** Ends what may still run of a lost attempt, then opens the landing. */
export async function receive(host: Host, landings: Landings, request: ReceiveRequest): Promise<Opened> {
  const { id, offer, writeMode, reach } = request;
  const { runner } = reach;
  const told = readOffer(offer.told);
  const isToWrite = told.serverCommands !== undefined;
  if (isToWrite === (writeMode === 'verify')) {
    const message = 'an offer to write came where one to compare was expected, or the other way round';
    throw new TidemarkError('InvalidSpec', message, { host: host.name });
  }
  await runner.endAttempts(receiveAttempt(host.home, id));
  const target = await lookAtSomething(runner, reach.path);
  const comparedBytes = Math.min(told.bytes, target.bytes);
  const command = isToWrite
    ? await makeWriter(request, told, target)
    : makeDigestCommand(target.path, comparedBytes);
  await host.files.write(landingNotePath(host.home, id), id.syncId, 0o600);
  const landing = await openLanding(host, landings, request, command);
  const found: BlockFound = {
    ...{ kind: target.kind, bytes: target.bytes },
    ...(!isToWrite && { comparedBytes, mark: await readMark(runner, target) }),
  };
  return openedBy(landing, found);
}

/** @throws TidemarkError `InvalidSpec` where it does not fit, or the command is not one that this mover runs */
async function makeWriter(
  { reach: { runner, path: named } }: ReceiveRequest,
  { bytes, serverCommands }: BlockOffer,
  target: Found,
): Promise<string[]> {
  const { kind, path } = target;
  checkFits(bytes, target, { host: runner.name, volume: named });
  if (kind === 'device') await checkKnowsDevices(runner, named);
  const offered = serverCommands?.[kind] ?? [];
  const command = completeServerCommand(offered, { kind, path, isBlank: await isBlank(runner, target) });
  return lockWriter(path, command);
}
