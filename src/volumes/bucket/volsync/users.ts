/**
 * Names of users and groups in a file that VolSync's mover wrote. They are those of its image, whose users nobody here knows: a
 * name of this machine may be another number's. Source: the package `setup` of Red Hat, of which that image is made. Pure.
 */

const USERS: Readonly<Record<string, number>> = {
  ...{ root: 0, bin: 1, daemon: 2, adm: 3, lp: 4, sync: 5, shutdown: 6, halt: 7, mail: 8, operator: 11 },
  ...{ games: 12, ftp: 14, nobody: 65534 },
};

const GROUPS: Readonly<Record<string, number>> = {
  ...{ root: 0, bin: 1, daemon: 2, sys: 3, adm: 4, tty: 5, disk: 6, lp: 7, mem: 8, kmem: 9, wheel: 10 },
  ...{ cdrom: 11, mail: 12, man: 15, dialout: 18, floppy: 19, games: 20, tape: 33, video: 39, ftp: 50 },
  ...{ lock: 54, audio: 63, users: 100, nobody: 65534 },
};

/** @throws Error where nobody knows whose number that is */
export function idOf(kind: 'user' | 'group', name: string): number {
  if (/^\d{1,10}$/.test(name) && Number(name) < 0xffffffff) return Number(name);
  const known = kind === 'user' ? USERS : GROUPS;
  const id = Object.hasOwn(known, name) ? known[name] : undefined;
  if (id !== undefined) return id;
  throw new Error(`it names a ${kind} ${JSON.stringify(name)}, and nobody knows by which number`);
}
