/** A door in a pod, for as long as somebody is waited for: each who comes is judged here, and what they push is followed to its end. */
import type { Runner } from '../../../hosts/contract';
import { runChecked } from '../../../hosts/run-checked';
import type { Progress } from '../../../model/records';
import { quoteAlways } from '../../../model/shell-quote';
import { judge } from '../door/judge';
import { type DoorNote, parsePushState, type PushState } from '../door/notes';
import { ending, NOT_WHOLE, pushing } from '../door/scripts';
import { ASK, LOOK, TAKEN } from './scripts';

const WAITING_LOOKS = 100;
const PUSHING_LOOKS = 8;

/** How a door stands. */
export interface Seen {
  /** What the next look compares with. */
  mark: string;
  /** rsync's receiving end is at work. */
  isBusy: boolean;
  usedBytes: number;
  state?: PushState;
  /** By name, what is asked for. */
  asks: ReadonlyMap<string, string>;
}

const decode = (text: string) => Buffer.from(text, 'base64').toString();

/** What {@link LOOK} has printed. Pure. */
export function parseSeen(output: string): Seen {
  const [mark = '', work = '', stateText = '', ...asks] = output.split('\n');
  const [busy, blocks, free, size] = work.split(' ');
  const state = parsePushState(stateText);
  const asked = asks.flatMap((line) => {
    const [name = '', text = ''] = line.split(' ');
    return name === '' ? [] : [[name, decode(text)] as const];
  });
  const usedBytes = (Number(blocks) - Number(free)) * Number(size);
  return {
    ...{ mark: decode(mark), isBusy: busy === 'busy', usedBytes: Number.isFinite(usedBytes) ? usedBytes : 0 },
    ...(state && { state }),
    asks: new Map(asked),
  };
}

/** What rsync has logged of its ends. Pure. */
export function countBytes(log: string): number {
  const ends = log.matchAll(/ sent ([\d,]+) bytes {2}received ([\d,]+) bytes /g);
  return [...ends]
    .flatMap(([, ...counts]) => counts)
    .reduce((sum, count) => sum + Number(count.replaceAll(',', '')), 0);
}

/** A command for {@link ASK} to become. */
const become = (argv: readonly string[]) => `exec ${argv.map(quoteAlways).join(' ')}\n`;
const refuse = (why: string) => become(['sh', '-c', 'echo "tidemark: $1" >&2; exit 1', 'tidemark', why]);

export interface PodDoorOptions {
  runner: Runner;
  /** Of its own, in the pod. */
  folder: string;
  /** Where the volume is. */
  volume: string;
  signal?: DoorNote['signal'];
  /** By which a push may have ended before somebody says that it is whole: see {@link ending}. */
  codes?: string;
  /** Puts right what was pushed, before it counts. */
  mend?: () => Promise<void>;
}

export interface Whole {
  at: string;
  /** When the first push of those that brought it began. */
  begunAt: string;
}

export class PodDoor {
  private begun: string | undefined;

  constructor(private readonly options: PodDoorOptions) {}

  /** What sshd runs for whoever comes. */
  get command(): string[] {
    return ['sh', this.script, this.options.folder];
  }

  private get script(): string {
    return `${this.options.folder}/ask.sh`;
  }

  private get log(): string {
    return `${this.options.folder}/rsync.log`;
  }

  /** On the line, in both directions, by all that ended well. */
  async countBytes(): Promise<number> {
    return countBytes((await this.options.runner.files.read(this.log)) ?? '');
  }

  async prepare(): Promise<void> {
    const { runner, folder } = this.options;
    await runner.files.write(this.script, ASK, 0o700);
    for (const name of ['asks', 'answers', 'readers']) await runner.files.mkdir(`${folder}/${name}`, 0o700);
  }

  /**
   * Lets pushes in, one at a time, until what they brought is whole.
   * @param onWhole before whoever pushes is told so: if that fails, they push again
   */
  async awaitWhole(
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
    onWhole: (whole: Whole) => Promise<void>,
  ): Promise<Whole> {
    const answered = new Set<string>();
    let mark = '';
    let before: number | undefined;
    for (;;) {
      const seen = await this.look(signal, mark, before === undefined ? WAITING_LOOKS : PUSHING_LOOKS);
      mark = seen.mark;
      before = seen.isBusy ? (before ?? seen.usedBytes) : undefined;
      onProgress(progressOf(seen, before));
      if (seen.state?.state === 'complete') return await this.end(seen.state, onWhole);
      let isTaken = seen.isBusy;
      for (const [name, command] of seen.asks) {
        if (answered.has(name)) continue;
        const answer = await this.answer(command, isTaken, onWhole);
        // One push after the other: it is asked for again once the door is free.
        if (answer === undefined) continue;
        answered.add(name);
        await this.tell(name, answer.text);
        if (answer.whole) {
          await this.untilTaken(name);
          return answer.whole;
        }
        isTaken ||= answer.isPush === true;
      }
    }
  }

  private async look(signal: AbortSignal, mark: string, looks: number): Promise<Seen> {
    const { runner, folder, volume } = this.options;
    const { stdout } = await runChecked(
      runner,
      ['sh', '-c', LOOK, 'tidemark', folder, mark, String(looks), volume],
      { signal, timeoutMs: 120_000, endsWithAgent: true },
    );
    return parseSeen(stdout.toString());
  }

  private tell(name: string, text: string): Promise<void> {
    return this.options.runner.files.write(`${this.options.folder}/answers/${name}`, text, 0o600);
  }

  /** The door is closed next: whoever has pushed is to hear first that it counts. Where they have gone, it does so still. */
  private async untilTaken(name: string): Promise<void> {
    const { runner, folder } = this.options;
    await runner.run(['sh', '-c', TAKEN, 'tidemark', folder, name]).catch(() => undefined);
  }

  /** Undefined: it has to wait. */
  private async answer(
    command: string,
    isTaken: boolean,
    onWhole: (whole: Whole) => Promise<void>,
  ): Promise<{ text: string; isPush?: true; whole?: Whole } | undefined> {
    const { folder, volume, signal } = this.options;
    const asked = judge(command, { folder: volume, signal });
    switch (asked.kind) {
      case 'refused':
        return { text: refuse(asked.why) };
      case 'push': {
        const log = [`--log-file=${this.log}`, '--log-file-format='];
        const rsync = ['rsync', '--server', ...asked.options, ...(asked.isDry ? [] : log), '.', '.'];
        if (asked.isDry)
          return { text: become(['sh', '-c', 'cd -- "$1" && shift && exec "$@"', 'sh', volume, ...rsync]) };
        if (isTaken) return undefined;
        this.begun ??= await this.now();
        const at = { folder: volume, claims: volume, isWhole: signal === undefined };
        return { text: become(pushing(folder, at, rsync)), isPush: true };
      }
      case 'over': {
        if (isTaken) return undefined;
        await this.options.mend?.();
        const state = await this.settle();
        if (!state) return { text: refuse('no push that ended well waits for this word') };
        return { text: become(['true']), whole: await this.end(state, onWhole) };
      }
    }
  }

  /** Of pushes that are let in without being asked for. */
  private async firstBegun(): Promise<string | undefined> {
    const { runner, folder } = this.options;
    return parsePushState(await runner.files.read(`${folder}/first`))?.at;
  }

  /** By the clock that the times of files go by. */
  private async now(): Promise<string> {
    return new Date(1000 * (await this.options.runner.files.clock())).toISOString();
  }

  /** Notes that what was pushed is whole, where the last push ended well. */
  private async settle(): Promise<PushState | undefined> {
    const { runner, folder, volume, codes } = this.options;
    const { exitCode } = await runner.run(ending(folder, volume, codes));
    if (exitCode === NOT_WHOLE) return undefined;
    const state = parsePushState(await runner.files.read(`${folder}/state`));
    return state?.state === 'complete' ? state : undefined;
  }

  private async end({ at }: PushState, onWhole: (whole: Whole) => Promise<void>): Promise<Whole> {
    const whole = { at, begunAt: this.begun ?? (await this.firstBegun()) ?? at };
    await onWhole(whole);
    return whole;
  }
}

function progressOf({ isBusy, usedBytes }: Seen, before: number | undefined): Progress {
  return {
    phase: isBusy ? 'transferring' : 'waiting',
    // What a push takes of the volume: how much comes over the line, only whoever pushes knows.
    ...{ bytesDone: Math.max(0, usedBytes - (before ?? usedBytes)), filesDone: 0, rateBytesPerSecond: 0 },
  };
}
