/** A machine of a cluster: one tree of processes in its own PID, mount and network namespace. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTimeOf } from '../../src/client/up-state';
import { CLUSTERS, IMAGES, kubernetesFolder, ROOT } from './paths';
import { run, type RunOptions } from './run';

/** A process, named for ever by its number and the time of its start. */
interface Process {
  pid: number;
  startTime: string;
}

const BOOT_TIMEOUT_MS = 20_000;
const POLL_MS = 10;

/** Writes its own number, then becomes the program, with an environment that does not depend on who starts it. */
const START =
  'echo $$ > "$1"; exec >> "$2" 2>&1; shift 2; exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"';

export class Machine {
  /** @param folder where it keeps its state and logs; absolute */
  constructor(
    readonly number: number,
    readonly folder: string,
  ) {}

  /** Its name as a node of the cluster. */
  get name(): string {
    return `node-${this.number}`;
  }

  get isOn(): boolean {
    return this.read() !== undefined;
  }

  /**
   * Switches it on: it has its namespaces and its mounts then, and runs nothing.
   * @param endsWithUs the kernel ends it as soon as this process ends, however that ends
   */
  async boot({ endsWithUs }: { endsWithUs: boolean }): Promise<void> {
    if (this.isOn) throw new Error(`${this.name} is on already`);
    for (const name of ['kubelet', 'logs', 'containerd'])
      mkdirSync(join(this.folder, name), { recursive: true });
    // The last one's: of its parts, and of drivers that do not listen any more.
    for (const name of ['booted', 'pids', 'kubelet/plugins_registry'])
      rmSync(join(this.folder, name), { recursive: true, force: true });
    mkdirSync(join(this.folder, 'pids'));
    const keep = [this.folder, CLUSTERS, IMAGES, kubernetesFolder(), ROOT, dirname(process.execPath)];
    const wrong = keep.find((path) => /^\/(var|run)\//.test(path));
    if (wrong) throw new Error(`a cluster has its own /var and /run: ${wrong} must lie elsewhere`);
    const log = openSync(join(this.folder, 'logs', 'init.log'), 'a');
    const argv = [
      ...['unshare', '--mount', '--propagation', 'private', '--net', '--pid', '--fork', '--kill-child=KILL'],
      ...['bash', join(__dirname, 'init.sh'), this.folder, ...keep],
    ];
    const [program = '', ...args] = endsWithUs ? ['setpriv', '--pdeathsig', 'KILL', ...argv] : argv;
    const child = spawn(program, args, { cwd: '/', detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    child.on('error', () => undefined).unref();
    const pid = child.pid;
    if (pid === undefined) throw new Error(`${program} could not be started: is util-linux installed?`);
    writeFileSync(this.file('outer.json'), JSON.stringify({ pid, startTime: startTimeOf(pid) ?? '' }));
    await this.waitUntilBooted();
  }

  private async waitUntilBooted(): Promise<void> {
    const deadline = performance.now() + BOOT_TIMEOUT_MS;
    while (!existsSync(this.file('booted'))) {
      if (!this.isOn || performance.now() > deadline)
        throw new Error(
          `${this.name} did not boot (root, and the right to mount, is needed): ${this.log('init')}`,
        );
      await sleep(POLL_MS);
    }
  }

  /** When it was switched on, in ms since 1970. */
  get bootedAt(): number {
    return statSync(this.file('booted')).mtimeMs;
  }

  /** Number of its first process, as the real machine sees it. @throws Error where it is off */
  get init(): number {
    const init = this.findInit();
    if (init === undefined) throw new Error(`${this.name} is switched off`);
    return init;
  }

  private findInit(): number | undefined {
    const outer = this.read();
    // The file's size is 0 whatever it holds.
    const children = outer && readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8').trim();
    return children ? Number(children.split(' ')[0]) : undefined;
  }

  /** The argv that runs a program inside. */
  inside(argv: readonly string[]): string[] {
    return ['nsenter', '-t', String(this.init), '--mount', '--net', '--pid', '--wd=/', '--', ...argv];
  }

  /** Runs a program inside that must succeed; what it printed. */
  async run(argv: readonly string[], options?: RunOptions): Promise<string> {
    return await run(this.inside(argv), options);
  }

  /** Where the real machine sees one of its files, in whatever is mounted inside. */
  path(inside: string): string {
    return join(`/proc/${this.init}/root`, inside);
  }

  /** Starts a part that runs on until it is killed; its log is `logs/NAME.log`. */
  async start(part: string, argv: readonly string[]): Promise<void> {
    const log = this.file('logs', `${part}.log`);
    await this.run(['setsid', '--fork', 'sh', '-c', START, 'sh', this.file('pids', part), log, ...argv]);
  }

  /**
   * Kills a part by -9, with what it started in its process group, and waits until it is gone.
   * @throws Error where it does not run
   */
  async kill(part: string): Promise<void> {
    const file = this.file('pids', part);
    const pid = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    if (!pid || !existsSync(this.path(`/proc/${pid}`)))
      throw new Error(`${part} does not run on ${this.name}: ${this.log(part)}`);
    await this.run(['kill', '-KILL', '--', `-${pid}`]);
    while (this.isAlive(pid)) await sleep(POLL_MS);
    rmSync(file);
  }

  /** What was killed may wait to be reaped. */
  private isAlive(pid: string): boolean {
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(this.path(`/proc/${pid}/status`), 'utf8'));
    } catch {
      return false;
    }
  }

  /** Kills everything of it at once: its processes, mounts and network go with its namespaces. */
  async cutPower(): Promise<void> {
    const outer = this.read();
    if (!outer) return;
    const init = this.findInit();
    process.kill(outer.pid, 'SIGKILL');
    while (startTimeOf(outer.pid) === outer.startTime) await sleep(POLL_MS);
    while (init !== undefined && startTimeOf(init) !== undefined) await sleep(POLL_MS);
  }

  /** The end of a part's log, for messages. */
  log(part: string, lines = 8): string {
    const file = this.file('logs', `${part}.log`);
    if (!existsSync(file)) return '(no log)';
    const end = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines);
    return [`${file}:`, ...end.map((line) => line.slice(0, 300))].join('\n');
  }

  file(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** The process that holds its namespaces; undefined where it is off. */
  private read(): Process | undefined {
    try {
      const outer = JSON.parse(readFileSync(this.file('outer.json'), 'utf8')) as Process;
      return startTimeOf(outer.pid) === outer.startTime ? outer : undefined;
    } catch {
      return undefined;
    }
  }
}
