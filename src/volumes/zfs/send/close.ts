/** Ends a transfer for good, on either side. */
import { z } from 'zod';
import type { Host } from '../../../hosts/contract';
import { readLocal } from '../listing';
import { isMissing, runZfs } from '../tools';
import type { LandingPlace, TransferId } from '../../../movers/contract';
import { close as closeLanding } from '../../../movers/shared/close';
import { landingNotePath } from '../../../movers/shared/names';
import { readKeyNote } from '../../../landings/ssh-client';

type Link = Omit<TransferId, 'syncId'>;

const NoteSchema = z.object({
  syncId: z.string(),
  dataset: z.string(),
  /** The replica; the stream may have landed beside it. */
  replica: z.string(),
  properties: z.record(z.string(), z.record(z.string(), z.string())),
});

const notePath = (home: string, { relationship, target }: Link) =>
  `${home}/properties/${encodeURIComponent(relationship)}/${encodeURIComponent(target)}`;

/** Remembers what the source sent besides its data, until the data is there. */
export async function noteProperties(
  host: Host,
  id: TransferId,
  { dataset, replica, properties }: Omit<z.output<typeof NoteSchema>, 'syncId'>,
): Promise<void> {
  const isNone = Object.values(properties).every((each) => Object.keys(each).length === 0);
  if (isNone) return await host.files.remove(notePath(host.home, id));
  await host.files.write(
    notePath(host.home, id),
    JSON.stringify({ syncId: id.syncId, dataset, replica, properties }),
    0o600,
  );
}

/** What was set before: else, the owner's own settings could not be told from it. */
const setPath = (home: string, { relationship, target }: Link) =>
  `${home}/properties-set/${encodeURIComponent(relationship)}/${encodeURIComponent(target)}`;

const SetSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** Sets the properties where the stream landed, but for the owner's own; what this ZFS does not know is left out. */
async function applyProperties(host: Host, id: TransferId): Promise<void> {
  const text = await host.files.read(notePath(host.home, id));
  if (text === undefined) return;
  const { syncId, dataset, replica, properties } = NoteSchema.parse(JSON.parse(text));
  if (syncId !== id.syncId) return;
  const before = SetSchema.parse(JSON.parse((await host.files.read(setPath(host.home, id))) ?? '{}'));
  const now = { ...before };
  const allow = (stderr: string) =>
    isMissing(stderr) || /invalid property|bad property|cannot set property/.test(stderr);
  for (const [part, wanted] of Object.entries(properties)) {
    const subject = { host, volume: { kind: 'zfs' as const, path: dataset } };
    const own = await readLocal(subject, `${replica}${part}`, { allow: isMissing });
    for (const [property, value] of Object.entries(wanted)) {
      const current = own.get(property);
      if (current !== undefined && current !== value && current !== before[part]?.[property]) continue;
      await runZfs(subject, ['set', `${property}=${value}`, `${dataset}${part}`], { allow });
      now[part] = { ...now[part], [property]: value };
    }
  }
  await host.files.write(setPath(host.home, id), JSON.stringify(now), 0o600);
  await host.files.remove(notePath(host.home, id));
}

/** `close` of the mover contract. */
export async function close(host: Host, place: LandingPlace, id: TransferId): Promise<void> {
  await closeLanding(host, place, id);
  await applyProperties(host, id);
}

/** The same, whichever sync it was for. */
export async function closeAll(host: Host, place: LandingPlace, id: Link): Promise<void> {
  const sending = await readKeyNote(host, id);
  const receiving = await host.files.read(landingNotePath(host.home, id));
  for (const syncId of new Set([sending?.syncId, receiving])) {
    if (syncId !== undefined) await close(host, place, { ...id, syncId });
  }
}
