/** The side of an agent whose host is reached over SSH; loaded by such agents alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { makeLocalHost } from '../hosts/local';
import { makeSshHost, type SshHost } from '../hosts/ssh';
import { formatSshAddress } from '../hosts/ssh/address';
import { explainMissing } from '../hosts/ssh/facts';
import { type RemoteLandings, startRemoteLandings } from '../landings/remote';
import { tryLanding } from '../landings/try-landing';
import { isRetryable, TidemarkError } from '../model/errors';
import type { HostSide, SideOptions, ViaOptions } from './side';

const RETRY_MAX_MS = 10_000;

/** A host that is started after its agent is not an error; one that refuses it is. */
async function reach(
  options: SideOptions,
  via: ViaOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<SshHost> {
  const local = makeLocalHost({ name: options.host, home: options.home });
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await makeSshHost({ name: options.host, home: via.home, local, ssh: via.ssh });
    } catch (error) {
      if (!(error instanceof TidemarkError && error.type === 'HostUnreachable' && isRetryable(error.type)))
        throw error;
      const { toolMessage } = error.details;
      log.warn({ attempt, toolMessage }, `${error.message}; trying again`);
      await sleep(Math.min(RETRY_MAX_MS, 250 * 2 ** attempt), undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Says what will not work, before it is needed. */
async function examine(
  host: SshHost,
  { ssh }: ViaOptions,
  { landings }: RemoteLandings,
  log: Logger,
): Promise<void> {
  const missing = explainMissing(host, host.facts);
  if (missing !== undefined) log.warn(missing);
  if (host.facts.noise !== '') {
    log.warn(
      { printed: host.facts.noise.slice(0, 500) },
      `the start-up files of the login shell of ${host.name} print text, which breaks what other hosts send to it: let them be silent where there is no terminal`,
    );
  }
  const why = await tryLanding(host, ssh, landings);
  if (why !== undefined) log.warn(`nothing can be sent to ${host.name}, only from it: ${why}`);
}

/** Connects, takes up what was left, and looks whether all that is needed is there. */
export async function openVia(
  options: SideOptions,
  via: ViaOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<HostSide> {
  const host = await reach(options, via, log, signal);
  try {
    await host.files.mkdir(host.home, 0o700);
    const { address } = via.ssh;
    const remote = await startRemoteLandings(host, {
      advertisedAddress: options.advertisedAddress ?? address.host,
      port: options.port ?? address.port,
      user: address.user,
      ...(via.authorizedKeys !== undefined && { authorizedKeys: via.authorizedKeys }),
    });
    log.info(
      { server: host.facts.serverVersion, home: host.home },
      `host ${options.host} is reached over ${formatSshAddress(address)}`,
    );
    await examine(host, via, remote, log);
    return {
      host,
      landings: remote.landings,
      async close() {
        await remote.stop().catch((error: unknown) => {
          log.warn(
            { err: error },
            'lines in authorized_keys could not be taken out; they expire by themselves',
          );
        });
        host.close();
      },
    };
  } catch (error) {
    host.close();
    throw error;
  }
}
