/**
 * Where the tools of a store run for a cluster: in a pod of the namespace of the claim that the store is worked with for, which
 * mounts nothing. What lets out of a namespace, and who its pods are, goes by the namespace.
 */
import type { HostFiles, Runner } from '../../hosts/contract';
import { makeError, type Subject } from '../shared/tools';
import { findPlace, type Place } from './place';
import { SCRATCH } from './pod-spec';
import { podsOf } from './pods';

/** Where the claim is that a store is worked with for. @throws TidemarkError `InvalidSpec` where no claim is */
export async function placeNear({ host, volume }: Subject): Promise<Place> {
  const { near } = volume;
  if (near) return await findPlace(host, { kind: 'pvc', ...near });
  throw makeError(
    { host, volume },
    'InvalidSpec',
    `no claim of ${host.name} says in which namespace it is read`,
    {
      hint: `name a claim of ${host.name} in the spec, or have another host read it`,
    },
  );
}

/** Works with a store from one place, which stays until that is done. */
export async function withTools<T>(subject: Subject, work: (runner: Runner) => Promise<T>): Promise<T> {
  const { cluster } = subject.host;
  if (!cluster) return await work(subject.host);
  return await inPod(await placeNear(subject), work);
}

async function inPod<T>(place: Place, work: (runner: Runner) => Promise<T>): Promise<T> {
  const { open, giveBack } = await podsOf(place.cluster).use({ place, mode: 'Filesystem', readOnly: false });
  try {
    return await work(open.runner);
  } finally {
    giveBack();
  }
}

/** The same for what is done in one step: this host, or a pod that is there from the first program on, and some seconds more. */
export function toolsOf(subject: Subject): Runner {
  const { host } = subject;
  if (!host.cluster) return host;
  let found: Promise<Place> | undefined;
  const inTurn = async <T>(work: (runner: Runner) => Promise<T>) =>
    await inPod(await (found ??= placeNear(subject)), work);
  return {
    name: host.name,
    scratch: SCRATCH,
    files: makeFiles((work) => inTurn(({ files }) => work(files))),
    run: (argv, options) => inTurn((runner) => runner.run(argv, options)),
    pipe: (argvs, options) => inTurn((runner) => runner.pipe(argvs, options)),
    endAttempts: (attempt) => inTurn((runner) => runner.endAttempts(attempt)),
  };
}

type WithFiles = <T>(work: (files: HostFiles) => Promise<T>) => Promise<T>;

const makeFiles = (withFiles: WithFiles): HostFiles => ({
  read: (path) => withFiles((files) => files.read(path)),
  write: (path, content, mode) => withFiles((files) => files.write(path, content, mode)),
  remove: (path) => withFiles((files) => files.remove(path)),
  list: (path) => withFiles((files) => files.list(path)),
  isEmpty: (path, except) => withFiles((files) => files.isEmpty(path, except)),
  stat: (path) => withFiles((files) => files.stat(path)),
  resolve: (path) => withFiles((files) => files.resolve(path)),
  mkdir: (path, mode) => withFiles((files) => files.mkdir(path, mode)),
  rename: (from, to) => withFiles((files) => files.rename(from, to)),
  room: (folder) => withFiles((files) => files.room(folder)),
  clock: () => withFiles((files) => files.clock()),
  makeKeyPair: (path) => withFiles((files) => files.makeKeyPair(path)),
});

/** The namespace whose Secrets are a store's credentials; undefined where the host is no cluster. */
export const namespaceOf = ({ volume }: Pick<Subject, 'volume'>): string | undefined =>
  volume.near?.path.slice(0, volume.near.path.indexOf('/'));
