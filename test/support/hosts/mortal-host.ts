import type { Host, HostFiles } from '../../../src/hosts/contract';

/** An agent's host on which everything stops after so many steps: commands, and changes of files. */
export class Mortality {
  private steps = 0;

  constructor(private readonly diesAfter: number) {}

  get isDead(): boolean {
    return this.steps >= this.diesAfter;
  }

  /** Who is dead begins nothing any more, and learns nothing of what ended with it. */
  private async step<T>(work: () => Promise<T>, counts = true): Promise<T> {
    if (this.isDead) throw new Error('killed');
    const result = await work();
    if (counts) this.steps++;
    if (this.isDead) throw new Error('killed');
    return result;
  }

  wrap(host: Host): Host {
    const { files } = host;
    const mortal: HostFiles = {
      read: (path) => this.step(() => files.read(path), false),
      stat: (path) => this.step(() => files.stat(path), false),
      resolve: (path) => this.step(() => files.resolve(path), false),
      list: (path) => this.step(() => files.list(path), false),
      isEmpty: (path, except) => this.step(() => files.isEmpty(path, except), false),
      room: (folder) => this.step(() => files.room(folder), false),
      clock: () => this.step(() => files.clock(), false),
      makeKeyPair: (path) => this.step(() => files.makeKeyPair(path)),
      mkdir: (path, mode) => this.step(() => files.mkdir(path, mode), false),
      write: (path, content, mode) => this.step(() => files.write(path, content, mode)),
      remove: (path) => this.step(() => files.remove(path)),
      rename: (from, to) => this.step(() => files.rename(from, to)),
    };
    return {
      name: host.name,
      home: host.home,
      scratch: host.scratch,
      files: mortal,
      run: (argv, options) => this.step(() => host.run(argv, options)),
      pipe: (argvs, options) => this.step(() => host.pipe(argvs, options)),
      endAttempts: (attempt) => this.step(() => host.endAttempts(attempt), false),
    };
  }
}
