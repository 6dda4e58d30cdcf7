/** The target's half of the handshake. */
import type { Host, Runner } from '../../hosts/contract';
import type { Landings } from '../../landings/contract';
import { TidemarkError } from '../../model/errors';
import { NOT_CONTENT } from '../../trees/own-entries';
import type { Mover, Opened } from '../contract';
import type { AccountReach } from '../reach';
import { lockWriter } from '../shared/lock-writer';
import { landingNotePath, receiveAttempt } from '../shared/names';
import { openLanding } from '../shared/open-landing';
import type { LandingMode } from './options';
import { makeWriterCommand } from './passes';
import { completeServerCommand } from './server-command';
import { listLinked } from './parted-names';
import { openedBy } from '../shared/told';
import { readOffer, type RsyncFound } from './told';
import { keepWritten } from './written';

type ReceiveRequest = Parameters<Mover['receive']>[2];

/** No entry but Tidemark's own and `lost+found`. False where it can't be read. */
const isEmptyFolder = (runner: Runner, path: string): Promise<boolean> =>
  runner.files.isEmpty(path, NOT_CONTENT).catch(() => false);

/** Nothing is opened for an account: what it lets in, its owner has said. */
function receiveAtAccount(
  { landing, isEmpty, refused }: AccountReach,
  { writeMode, keeps }: Pick<ReceiveRequest, 'writeMode' | 'keeps'>,
): Opened {
  const found: RsyncFound = {
    ...(isEmpty && writeMode !== 'verify' && { isEmpty }),
    ...(keeps && { keeps }),
    ...(refused.length > 0 && { refused: [...refused] }),
  };
  return openedBy(landing, found);
}

/** Ends what may still run of a lost attempt, then opens the landing. */
export async function receive(host: Host, landings: Landings, request: ReceiveRequest): Promise<Opened> {
  const { id, offer, writeMode, maxDeletions, keeps, written } = request;
  const { runner, path, account } = request.reach;
  if (account) return receiveAtAccount(account, request);
  const kept = keeps ? { keeps } : {};
  const { serverCommands } = readOffer(offer.told);
  // An offer to compare never opens a landing that writes: its command would be refused below anyway.
  const mode: LandingMode = serverCommands.verify ? 'verify' : writeMode;
  if (writeMode === 'verify' && mode !== 'verify') {
    throw new TidemarkError('InvalidSpec', 'an offer to write came where one to compare was expected', {
      host: host.name,
    });
  }
  const offered = serverCommands[mode] ?? [];
  const limits = maxDeletions === undefined ? {} : { maxDeletions };
  const command =
    mode === 'verify'
      ? completeServerCommand(offered, { mode, path, ...kept })
      : makeWriterCommand(
          offered,
          { mode, path, ...kept, ...limits },
          { ...(await keepWritten(runner, id, written?.files ?? [])), ...listLinked(path) },
        );
  await runner.endAttempts(receiveAttempt(host.home, id));
  await host.files.write(landingNotePath(host.home, id), id.syncId, 0o600);
  // `/.`, so that a folder that is a symlink is the one that it leads to.
  const locked = mode === 'verify' ? command : lockWriter(`${path.replace(/\/+$/, '')}/.`, command);
  const isEmpty = mode !== 'verify' && (await isEmptyFolder(runner, path));
  const landing = await openLanding(host, landings, request, locked);
  const hasWritten = mode !== 'verify' && written !== undefined && written.files.length > 0;
  const found: RsyncFound = {
    ...(isEmpty && { isEmpty }),
    ...(hasWritten && { hasWritten }),
    ...(written?.hasNoNewNames && { hasNoNewNames: true }),
    ...kept,
  };
  return openedBy(landing, found);
}
