/** Mounting datasets, and having those who look into them see what was received. */
import { datasetsOf, type Entry, listTree } from './listing';
import type { Place } from './place';
import { runZfs, type Subject } from './tools';

export const NOT_MOUNTABLE =
  /already mounted|not currently mounted|legacy mountpoint|no mountpoint set|canmount|[Kk]ey.* not (loaded|available)|encryption key|failed to create mountpoint|directory is not empty/;

/** Mounts a volume and its children where their properties say so; what can't be mounted stays as it is. */
export async function mount(subject: Subject): Promise<void> {
  for (const { name, properties } of datasetsOf(await listTree(subject, subject.volume.path))) {
    const isWanted = properties['canmount'] === 'on' && properties['mountpoint']?.startsWith('/');
    if (!isWanted || properties['mounted'] === 'yes') continue;
    await runZfs(subject, ['mount', name], { allow: (stderr) => NOT_MOUNTABLE.test(stderr) });
  }
}

/**
 * Has those who look into a volume see what was received, where this ZFS would go on showing what it had read
 * before. @throws TidemarkError `VolumeBusy` where somebody uses it, and it must not be stale.
 */
export async function refresh(place: Place, { must = false } = {}): Promise<void> {
  if (place.features.receiveUnmounted) return;
  const isMounted = ({ properties }: Entry) => properties['mounted'] === 'yes';
  const mounted = datasetsOf(place.entries).filter(isMounted);
  for (const { name } of mounted.toReversed()) {
    const allow = (stderr: string) => NOT_MOUNTABLE.test(stderr) || (!must && /[Bb]usy/.test(stderr));
    await runZfs(place, ['unmount', name], { allow, patient: must });
  }
  for (const { name } of mounted)
    await runZfs(place, ['mount', name], { allow: (stderr) => NOT_MOUNTABLE.test(stderr) });
  // What an attempt that was cut off had unmounted.
  await mount(place);
}

/** What is mounted nowhere stays so. */
export async function unmount(subject: Subject, dataset: string): Promise<void> {
  await runZfs(subject, ['unmount', dataset], { allow: (stderr) => NOT_MOUNTABLE.test(stderr) });
}
