/** One program at the far end: its process group, its output and its end. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { TidemarkError } from '../../model/errors';
import type { RunOptions, RunResult } from '../contract';
import { OutputTail } from '../output';
import { makeCommand, scriptArgv } from './command';
import { type Frame, makeFrameReader } from './frames';
import { END_GROUP, runInShell, SUPERVISE, WHOLE } from './scripts';
import type { Carrier, Session } from './session';
import type { Shells } from './shells';

/** The variable that marks all processes of one attempt. */
const ATTEMPT_VARIABLE = 'TIDEMARK_ATTEMPT';
const DEFAULT_OUTPUT_BYTES = 16 * 1024 * 1024;
const DEFAULT_KILL_AFTER_MS = 5000;
/** What a program leaves running in its group may finish within this long. */
const LINGER_MS = 500;
/** The exit code of a program that a signal ended is this, and the signal's number. */
const SIGNALLED = 128;
/** Quoted it is four times as long at most, and still fits into a command. */
const MAX_LINE_INPUT_BYTES = 24 * 1024;

const NOT_FOUND = /^(env: .*: No such file or directory|sh: .*exec: .*: not found)\s*$/;

/** Time as the scripts count it. */
export const inTwentieths = (ms: number) => String(Math.ceil(ms / 50));

/** The marker as the environment of each process of an attempt has it: always one line. */
export function markerOf(attempt: string): string {
  return `${ATTEMPT_VARIABLE}=${attempt.replaceAll('\n', '%0A')}`;
}

/** Where a program of a pipe reads and writes; left out: standard input of the options, and the channel. */
export interface Redirects {
  stdin?: string;
  stdout?: string;
}

/** What is set for one program, beside what is set for all; each is one word for a shell. */
const makeVariables = (host: string, { env = {} }: RunOptions) =>
  Object.entries(env).map(([name, value]) => makeCommand(host, [`${name}=${value}`]));

/**
 * The command that starts the script `SUPERVISE` for a program, and what it reads: the program's variables, then its input.
 * Everybody who lists processes sees arguments, so they may hold no secret.
 */
function makeSupervised(
  host: string,
  nonce: string,
  argv: readonly string[],
  options: RunOptions,
  redirects: Redirects,
): { command: string; reads: Buffer[] } {
  const inputFile = redirects.stdin ?? (options.stdin === undefined ? '/dev/null' : '');
  const { stdin = '' } = options;
  const input = inputFile !== '' ? Buffer.alloc(0) : typeof stdin === 'string' ? Buffer.from(stdin) : stdin;
  const killAfter = inTwentieths(options.killAfterMs ?? DEFAULT_KILL_AFTER_MS);
  const words = makeVariables(host, options);
  const variables = Buffer.from(words.length > 0 ? `${words.join(' ')}${WHOLE}` : '');
  const args = [
    ...[nonce, String(variables.length), String(input.length)],
    ...[options.cwd ?? '', inputFile, redirects.stdout ?? ''],
    ...[inTwentieths(LINGER_MS), killAfter, argv[0] ?? ''],
    // Not by the script's own environment, or it would be ended with the attempt and could not tell of it.
    ...(options.attempt === undefined ? [] : ['env', markerOf(options.attempt)]),
    ...argv,
  ];
  return { command: makeCommand(host, scriptArgv(SUPERVISE, ...args)), reads: [variables, input] };
}

/** The line that has a shell run a quick program. */
function makeLine(host: string, nonce: string, argv: readonly string[], options: RunOptions): string {
  const { attempt, cwd, stdin } = options;
  const variables = makeVariables(host, options);
  return runInShell(nonce, {
    command: makeCommand(host, argv),
    variables: attempt === undefined ? variables : [...variables, makeCommand(host, [markerOf(attempt)])],
    ...(cwd !== undefined && { cwd: makeCommand(host, [cwd]) }),
    ...(stdin !== undefined && { input: makeCommand(host, [stdin.toString()]) }),
  });
}

/** Whether a shell can take it with the line of a program: short, and text that it can hold. */
const fitsIntoLine = (stdin: RunOptions['stdin']) =>
  stdin === undefined ||
  (typeof stdin === 'string' && Buffer.byteLength(stdin) <= MAX_LINE_INPUT_BYTES && !stdin.includes('\0'));

/** The sessions of one host: of their own, or shells that are used again. */
export interface Sessions {
  carrier: Carrier;
  shells: Shells;
}

/** What is known of a program that has ended, or could not be started. */
interface Ending {
  exitCode?: number;
  /** `no-program` and the like. */
  refusal?: string;
}

export class RemoteProgram {
  private readonly stdout: OutputTail;
  private readonly stderr: OutputTail;
  private readonly host: string;
  private group: number | undefined;
  private setBegun: () => void = () => undefined;
  private readonly begun = new Promise<void>((resolve) => (this.setBegun = resolve));
  /** The whole group is gone and all output was read. Fails where the connection was lost before. */
  readonly ended: Promise<RunResult>;
  /** Before its program ran: why the shell could not even start the script. */
  noise = '';

  constructor(
    private readonly sessions: Sessions,
    private readonly argv: readonly string[],
    private readonly options: RunOptions,
    { redirects = {}, isQuick }: { redirects?: Redirects; isQuick: boolean },
  ) {
    const limit = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES;
    this.stdout = new OutputTail(limit);
    this.stderr = new OutputTail(limit);
    this.host = sessions.carrier.host;
    const { host } = this;
    const nonce = randomBytes(8).toString('hex');
    if (!argv[0]) throw new TidemarkError('ToolMissing', 'no program was named', { host });
    // Too long, or unfit: said here, before anything is started.
    const carriedOut =
      isQuick && fitsIntoLine(options.stdin)
        ? this.inShell(nonce, makeLine(host, nonce, argv, options))
        : this.alone(nonce, makeSupervised(host, nonce, argv, options, redirects));
    this.ended = carriedOut.finally(() => {
      this.group = undefined;
      this.setBegun();
    });
    this.ended.catch(() => undefined);
  }

  /** Ends its group, with the shell that it may run in: TERM, then KILL. `ended` settles once it is gone. */
  async end(): Promise<void> {
    // One that has not begun can't be found yet; one that never will settles by itself.
    await this.begun;
    // Settled: by now its number may be another's.
    if (this.group === undefined) return;
    const killAfter = inTwentieths(this.options.killAfterMs ?? DEFAULT_KILL_AFTER_MS);
    const argv = ['sh', '-c', END_GROUP, 'sh', String(this.group), killAfter];
    await new RemoteProgram(this.sessions, argv, {}, { isQuick: true }).ended;
  }

  private async alone(
    nonce: string,
    { command, reads }: { command: string; reads: readonly Buffer[] },
  ): Promise<RunResult> {
    const session = await this.sessions.carrier.open(command);
    for (const bytes of reads) if (bytes.length > 0) session.channel.write(bytes);
    try {
      return this.conclude(await this.listen(session, nonce, 'end'));
    } finally {
      session.channel.destroy();
    }
  }

  private async inShell(nonce: string, line: string): Promise<RunResult> {
    const session = await this.sessions.shells.start(line);
    let ending: Ending;
    try {
      ending = await this.listen(session, nonce, 'over');
    } catch (error) {
      session.channel.destroy();
      throw error;
    }
    this.sessions.shells.giveBack(session);
    return this.conclude(ending);
  }

  private conclude({ refusal, exitCode = 0 }: Ending): RunResult {
    if (refusal !== undefined) throw this.explain(refusal);
    const stderr = this.stderr.content().toString();
    // A command of the shell alone, which is found but is no program.
    if (exitCode === 127 && NOT_FOUND.test(stderr)) throw this.explain('no-program');
    return { stdout: this.stdout.content(), stderr, exitCode };
  }

  /** Reads until both streams have said the last word, or the channel is closed. */
  private listen(session: Session, nonce: string, lastWord: 'end' | 'over'): Promise<Ending> {
    const { channel } = session;
    const ending: Ending = {};
    let open = 2;
    const stopListening: (() => void)[] = [];
    return new Promise<Ending>((resolve, reject) => {
      const onFrame = ({ word, value }: Frame) => {
        if (word === 'begin') {
          this.group = value;
          this.setBegun();
        } else if (word === 'end') {
          ending.exitCode = value;
          if (this.group === undefined) ending.refusal = 'no-shell';
        } else if (word === 'over') {
          ending.exitCode = value;
        } else {
          ending.refusal = word;
          // In a shell of its own, the last word follows.
          if (lastWord === 'end') resolve(ending);
        }
        if (word === lastWord && --open === 0) resolve(ending);
      };
      const streams = [
        [channel, this.stdout, this.options.onStdout],
        [channel.stderr, this.stderr, this.options.onStderr],
      ] as const;
      const readers = streams.map(([stream, tail, listener]) => {
        const onData = (chunk: Buffer) => {
          tail.push(chunk);
          listener?.(chunk);
        };
        const reader = makeFrameReader(nonce, { onData, onFrame });
        const onChunk = (chunk: Buffer) => reader.push(chunk);
        stream.on('data', onChunk);
        stopListening.push(() => stream.off('data', onChunk));
        return reader;
      });
      void session.closed.then(() => {
        this.noise = readers.map(({ noise }) => noise).join('');
        const { ended } = session;
        if (ending.refusal !== undefined) return resolve(ending);
        if (!ended || lastWord === 'over') return reject(session.lost());
        if (this.group === undefined) return reject(this.explain('no-shell'));
        const exitCode = ended.code ?? SIGNALLED + signalNumber(ended.signal);
        // The script itself was ended, by somebody else. By itself it would have said so, and output may be missing.
        if (exitCode > SIGNALLED) resolve({ exitCode });
        else reject(session.lost());
      });
    }).finally(() => stopListening.forEach((stop) => stop()));
  }

  private explain(refusal: string): TidemarkError {
    const { host, options } = this;
    const program = this.argv[0] ?? '';
    const fail = (why: string, toolMessage?: string) =>
      new TidemarkError('ToolFailed', `${program} could not be started: ${why}`, {
        host,
        ...(toolMessage && { toolMessage }),
      });
    switch (refusal) {
      case 'no-program':
        return this.sessions.carrier.missing(program);
      case 'no-folder':
        return fail(`its folder ${options.cwd ?? ''} is missing`);
      case 'not-executable':
        return fail('it is not executable (EACCES)');
      default:
        return fail('the shell of that host did not run it', this.noise.trim());
    }
  }
}

const signalNumber = (name = '') => constants.signals[`SIG${name}` as NodeJS.Signals] ?? 0;
