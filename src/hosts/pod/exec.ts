/** Starts one command in a container by the API's exec, over a WebSocket of its own. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { type ClientOptions, WebSocket } from 'ws';
import { WHOLE } from '../remote/scripts';
import { ExecChannel, SUBPROTOCOL } from './channel';
import type { PodPlace, StartFailure } from './explain';

/** How the cluster is reached. */
export type KubeAccess = Pick<KubeConfig, 'applyToHTTPSOptions' | 'getCurrentCluster' | 'makeApiClient'>;

const HANDSHAKE_MS = 20_000;
/** From the handshake to the first word: a busy node may take long. */
const START_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * What the API is told to run. The command itself comes by standard input: the arguments of an exec are part of its URL,
 * which is kept in the API server's audit log, appears in its errors, and must be short where a proxy stands before it.
 * Argument: how many bytes are the command. One that a lost connection cut off is not run.
 */
const LOADER = String.raw`
printf '\035ready\n'
c=$(dd bs="$1" count=1 iflag=fullblock status=none)
case $c in *'${WHOLE}') eval "$c" ;; *) exit 125 ;; esac
`;
const READY = '\x1dready\n';

/** Nothing has run: it may be tried again. */
export class NotStarted extends Error {
  constructor(
    readonly failure: StartFailure,
    /** How long the API server wants to be left alone. */
    readonly retryAfterMs = 0,
  ) {
    super(failure.kind);
  }
}

/**
 * Starts a command of a POSIX shell.
 * @throws NotStarted
 */
export async function startExec(access: KubeAccess, place: PodPlace, command: string): Promise<ExecChannel> {
  const bytes = Buffer.from(command + WHOLE);
  const channel = await connect(access, place, ['sh', '-c', LOADER, 'sh', String(bytes.length)]);
  const hurry = new AbortController();
  const silence = sleep(START_MS, 'silent' as const, { signal: hurry.signal, ref: false });
  silence.catch(() => undefined);
  const started = await Promise.race([channel.started, silence]);
  hurry.abort();
  if (started === true) {
    channel.write(bytes);
    return channel;
  }
  const { status, closeCode } = channel;
  channel.destroy();
  if (started === 'silent') throw new NotStarted({ kind: 'silent' });
  const text = readEnd(status).message ?? `its connection was closed (${closeCode})`;
  throw new NotStarted({ kind: 'not-started', text });
}

async function connect(access: KubeAccess, place: PodPlace, argv: readonly string[]): Promise<ExecChannel> {
  const options: ClientOptions = {};
  let url: URL;
  try {
    url = makeUrl(access, place, argv);
    await access.applyToHTTPSOptions(options);
  } catch (error) {
    throw new NotStarted({ kind: 'no-access', text: error instanceof Error ? error.message : String(error) });
  }
  // The client makes one agent and keeps it, with the certificates that it began with. A proxy is reached by that alone.
  if (!access.getCurrentCluster()?.proxyUrl) delete options.agent;
  return await new Promise((resolve, reject) => {
    const fail = (failure: StartFailure, retryAfterMs?: number) =>
      reject(new NotStarted(failure, retryAfterMs));
    const socket = new WebSocket(url, [SUBPROTOCOL], {
      ...options,
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
    });
    // Stays: what goes wrong later ends in `close`, and an error that nobody hears ends the process.
    socket.on('error', (error: Error & { code?: string }) => {
      const { code, message } = error;
      fail({ kind: 'unreachable', text: message, ...(code !== undefined && { code }) });
    });
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      const refuse = (text: string) => {
        const retryAfterMs = Number(response.headers['retry-after']) * 1000;
        fail({ kind: 'refused', code: response.statusCode ?? 0, text }, retryAfterMs || 0);
        socket.terminate();
      };
      readAnswer(response).then(refuse, () => refuse(''));
    });
    socket.once('open', () => resolve(new ExecChannel(socket, READY)));
  });
}

function makeUrl(access: KubeAccess, { namespace, pod, container }: PodPlace, argv: readonly string[]): URL {
  const server = access.getCurrentCluster()?.server;
  if (!server) throw new Error('no cluster is chosen in the kubeconfig (current-context)');
  const names = [namespace, pod].map(encodeURIComponent);
  // A cluster may lie below a path, behind a proxy that serves several.
  const path = `/api/v1/namespaces/${names[0]}/pods/${names[1]}/exec`;
  const url = new URL(server.replace(/^http/, 'ws').replace(/\/$/, '') + path);
  const { searchParams } = url;
  searchParams.set('container', container);
  for (const stream of ['stdin', 'stdout', 'stderr']) searchParams.set(stream, 'true');
  for (const word of argv) searchParams.append('command', word);
  return url;
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > MAX_ANSWER_BYTES) break;
  }
  return text;
}

/** What the status channel says of a command's end: its exit code, or why it has none. Both are missing where it says nothing. */
export function readEnd(status: string): { exitCode?: number; message?: string } {
  if (status === '') return {};
  try {
    const { status: outcome, reason, message, details } = JSON.parse(status) as Partial<ExecStatus>;
    if (outcome === 'Success') return { exitCode: 0 };
    const told = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
    if (reason === 'NonZeroExitCode' && told !== undefined) return { exitCode: Number(told) };
    return { message: message ?? status };
  } catch {
    return { message: status };
  }
}

interface ExecStatus {
  status: string;
  reason: string;
  message: string;
  details: { causes?: { reason?: string; message?: string }[] };
}
