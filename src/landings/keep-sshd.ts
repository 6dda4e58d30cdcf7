/** An sshd of an agent's own: started, kept up, and gone with it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../hosts/contract';
import { findFreePort } from '../hosts/free-port';
import { type ServerLife, startServer } from '../hosts/start-server';
import { TidemarkError } from '../model/errors';
import { endLeftOverSshd } from './left-over';
import { makeSshdConfig } from './sshd-config';
import { setUpSshd, type SshdSetup } from './sshd-setup';

export interface SshdOptions {
  /** Where sshd listens: `127.0.0.1`, `0.0.0.0`, `::`. Left out: on all addresses. */
  listenAddress?: string;
  /** Left out: a free one, chosen at the first start and kept. */
  port?: number;
  /** A host key of the user's own, in place of one that is made. */
  hostKey?: string;
  /** Each line that sshd logs. */
  onLog?: (line: string) => void;
}

export interface KeptSshd {
  /** The one that it listens on alone. */
  readonly address?: string;
  /** The port that it listens on now. */
  readonly port: number;
  readonly setup: SshdSetup;
  /** Ends it: no new connection is accepted. Sessions that run go on to their end. */
  stop(): Promise<void>;
}

const READY_MS = 10_000;
const MAX_BACKOFF_MS = 5000;
const PORT_TRIES = 5;

/** One life of sshd. */
interface Life extends ServerLife {
  end(): void;
}

function startLife(host: Host, program: string, stopping: AbortSignal, onLog?: (line: string) => void): Life {
  const ending = new AbortController();
  const signal = AbortSignal.any([stopping, ending.signal]);
  const argv = [program, '-D', '-e', '-f', `${host.home}/sshd/sshd_config`];
  const life = startServer(host, argv, {
    ...{ signal, env: { TZ: 'UTC' }, onLine: onLog },
    isListening: (line) => line.startsWith('Server listening on'),
  });
  return { ...life, end: () => ending.abort() };
}

/** Writes the configuration, leaving out what this version of sshd does not know. */
async function writeConfig(host: Host, setup: SshdSetup, options: SshdOptions, port: number): Promise<void> {
  const path = `${host.home}/sshd/sshd_config`;
  // New versions make a source that was refused once wait, which a retry with a fresh key need not.
  for (const extraLines of [['PerSourcePenalties no'], []]) {
    const { listenAddress } = options;
    const where = { home: host.home, port, ...(listenAddress !== undefined && { listenAddress }) };
    await host.files.write(path, makeSshdConfig({ ...setup, ...where, extraLines }), 0o600);
    const { exitCode, stderr } = await host.run([setup.program, '-t', '-f', path]);
    if (exitCode === 0) return;
    if (extraLines.length > 0) continue;
    throw new TidemarkError('ToolFailed', 'sshd refuses its configuration', {
      host: host.name,
      toolMessage: stderr.slice(-2000),
    });
  }
}

async function rememberedPort(host: Host): Promise<number | undefined> {
  const port = Number(await host.files.read(`${host.home}/sshd/port`));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

/** Starts sshd on the port of its choice, or on another one where that is taken. */
async function startListening(
  host: Host,
  setup: SshdSetup,
  options: SshdOptions,
  signal: AbortSignal,
): Promise<{ life: Life; port: number }> {
  let lastLines: string[] = [];
  let wanted = options.port ?? (await rememberedPort(host));
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    signal.throwIfAborted();
    const port = wanted ?? (await findFreePort(options.listenAddress ?? '::'));
    await writeConfig(host, setup, options, port);
    const life = startLife(host, setup.program, signal, options.onLog);
    const timeout = sleep(READY_MS, false, { ref: false });
    if (await Promise.race([life.ready, timeout])) {
      await host.files.write(`${host.home}/sshd/port`, `${port}\n`);
      return { life, port };
    }
    lastLines = life.lastLines;
    life.end();
    await life.ended;
    const isTaken = lastLines.some((line) => line.includes('Address already in use'));
    if (!isTaken || options.port !== undefined) break;
    wanted = undefined;
  }
  throw new TidemarkError('ToolFailed', `sshd can't listen on ${options.listenAddress ?? 'any address'}`, {
    host: host.name,
    toolMessage: lastLines.join('\n'),
    hint: 'choose another address or port',
  });
}

/**
 * Ends what an earlier agent left, starts sshd and keeps it up until `stop`. Its keys are `sshd/authorized_keys` in the home.
 * @param host whose home is for this sshd alone, or for it and its landings
 * @throws TidemarkError `ToolMissing`, or `ToolFailed` where sshd can't listen.
 */
export async function keepSshd(host: Host, options: SshdOptions): Promise<KeptSshd> {
  const stopping = new AbortController();
  await endLeftOverSshd(host);
  let setup = await setUpSshd(host, options.hostKey);
  let { life, port } = await startListening(host, setup, options, stopping.signal);

  const keepUp = async () => {
    for (let backoff = 100; !stopping.signal.aborted; backoff = Math.min(backoff * 2, MAX_BACKOFF_MS)) {
      const startedAt = performance.now();
      await life.ended;
      if (performance.now() - startedAt > MAX_BACKOFF_MS) backoff = 100;
      await sleep(backoff, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      options.onLog?.(`sshd ended and is started again: ${life.lastLines.at(-1) ?? ''}`);
      try {
        // Its host key may have been replaced meanwhile, and is what landings tell.
        setup = await setUpSshd(host, options.hostKey);
        ({ life, port } = await startListening(host, setup, options, stopping.signal));
      } catch (error) {
        options.onLog?.(`sshd could not be started: ${String(error)}`);
      }
    }
  };
  const kept = keepUp();

  return {
    ...(options.listenAddress !== undefined && { address: options.listenAddress }),
    get port() {
      return port;
    },
    get setup() {
      return setup;
    },
    async stop() {
      stopping.abort();
      await kept;
      await life.ended;
    },
  };
}
