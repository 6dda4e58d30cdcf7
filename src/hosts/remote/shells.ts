/**
 * Shells at the far end that run one quick program after the other. A session of its own costs ten times what a
 * program like `stat` takes: over SSH some processes of sshd and the start-up files of a login shell, in a pod a
 * connection and a process of its runtime.
 */
import { PREPARE } from './scripts';
import type { Carrier, Session } from './session';

/** Programs that never leave anything behind which would write into the next one's output. */
const QUICK = new Set([
  ...[
    'cat',
    'chmod',
    'chown',
    'cp',
    'date',
    'df',
    'du',
    'find',
    'getent',
    'getfattr',
    'grep',
    'id',
    'kill',
    'ls',
  ],
  ...['lsattr', 'mkdir', 'mkfifo', 'mktemp', 'mv', 'readlink', 'realpath', 'rm', 'rmdir', 'setfattr', 'stat'],
  ...['sync', 'test', 'touch', 'true', 'uname', 'wc', 'btrfs', 'zfs', 'zpool', 'ssh-keygen'],
]);

const MAX_IDLE = 4;
/** Each use leaves a little behind until the shell is ended. */
const MAX_USES = 1000;

export interface Shells {
  /** A shell that runs the line (see `runInShell`); to be given back once both its streams have said `over`. */
  start(line: string): Promise<Session>;
  giveBack(session: Session): void;
}

export function isQuick(argv: readonly string[]): boolean {
  return QUICK.has(argv[0] ?? '');
}

export function makeShells(carrier: Carrier): Shells {
  const idle = new Set<Session>();
  const uses = new WeakMap<Session, number>();
  const makeShell = async (): Promise<Session> => {
    const session = await carrier.open('exec sh');
    void session.closed.then(() => idle.delete(session));
    session.channel.write(PREPARE);
    return session;
  };
  const take = (): Session | undefined => {
    for (const session of idle) {
      idle.delete(session);
      if (session.channel.writable) return session;
      session.channel.destroy();
    }
    return undefined;
  };
  carrier.onFull(() => {
    const [session] = idle;
    if (!session) return false;
    idle.delete(session);
    session.channel.destroy();
    return true;
  });
  return {
    async start(line) {
      const session = take() ?? (await makeShell());
      uses.set(session, (uses.get(session) ?? 0) + 1);
      try {
        session.channel.write(line);
      } catch (error) {
        throw session.lost(error);
      }
      return session;
    },
    giveBack(session) {
      const isWorn = (uses.get(session) ?? 0) >= MAX_USES;
      if (!isWorn && idle.size < MAX_IDLE && session.channel.writable) idle.add(session);
      else session.channel.destroy();
    },
  };
}
