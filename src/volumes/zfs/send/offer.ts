/** The source's half of the handshake: a key, and what the target must know of the dataset. */
import { z } from 'zod';
import type { Host } from '../../../hosts/contract';
import { makeKey } from '../../../landings/ssh-client';
import { TidemarkError } from '../../../model/errors';
import type { Volume } from '../../../model/records';
import type { MoverSpec } from '../../../model/spec';
import type { Mover, Told, TransferId } from '../../../movers/contract';
import { readTold } from '../../../movers/shared/told';
import { findFeatures } from '../features';
import { byAge, type Entry } from '../listing';
import { syncsOf } from '../middle';
import { snapshotName } from '../names';
import { sourceParts } from '../parts';
import { findPlace, isOurs, ownSnapshots } from '../place';
import { runZfs } from '../tools';
import { zfsOptions } from '../../../model/movers';

/**
 * Where a dataset is mounted and shared is the target's matter, and so is what Tidemark and other tools note: what
 * they would freeze and prune at the target.
 */
const NOT_SENT =
  /^(mountpoint|canmount|readonly|share(nfs|smb)|zoned|jailed|mlslabel|vol(size|blocksize)|version|key(location|format)|encryption|pbkdf2iters|(ref)?(quota|reservation)|(tidemark|syncoid|zrepl):.*|com\.sun:auto-snapshot.*)$/;

const PropertiesSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** By part: the properties to set there. */
export type SentProperties = z.output<typeof PropertiesSchema>;

/** A name below a dataset, and a property with its value: what comes from a source is taken as nothing else. */
const PART = /^(\/(?!\.{1,2}(\/|$)|\.tidemark)[A-Za-z0-9_.: -]+)*$/;
const PROPERTY = /^[a-z0-9:._-]+$/;

function fail(message: string): never {
  const hint = 'both hosts must run a Tidemark of the same version';
  throw new TidemarkError('InvalidSpec', message, { hint });
}

const PartsSchema = z
  .array(z.object({ part: z.string().regex(PART), guids: z.array(z.string().regex(/^\d+$/)) }))
  .min(1);

/** A dataset that is sent: its path below the volume, and the states of it that the source holds, newest last. */
export type OfferedPart = z.output<typeof PartsSchema>[number];

const OfferSchema = z.object({
  /** Left out where what is sent is to be compared. */
  parts: PartsSchema.exactOptional(),
  properties: PropertiesSchema.exactOptional(),
  /** The name of the snapshot that the sync froze. */
  frozen: z.string().exactOptional(),
  isToCompare: z.literal(true).exactOptional(),
  /** By size and time, where files are compared. */
  isQuick: z.literal(true).exactOptional(),
});

/** What the source offers. */
export type ZfsOffer = z.output<typeof OfferSchema>;

/** @throws TidemarkError `InvalidSpec` */
export const readOffer = (told: Told): ZfsOffer => readTold(OfferSchema, told, 'source');

const ONE_PART: readonly OfferedPart[] = [{ part: '', guids: [] }];

/** @throws TidemarkError `InvalidSpec` for what is no list of parts. */
export function parseParts(told: Told): readonly OfferedPart[] {
  return readOffer(told).parts ?? ONE_PART;
}

/** @throws TidemarkError `InvalidSpec` */
export function parseProperties(told: Told): SentProperties {
  return Object.fromEntries(
    Object.entries(readOffer(told).properties ?? {}).map(([part, properties]) => {
      if (!PART.test(part)) return fail('the source names datasets that are none');
      const wanted = Object.entries(properties).filter(
        ([name]) => PROPERTY.test(name) && !NOT_SENT.test(name),
      );
      return [part, Object.fromEntries(wanted)];
    }),
  );
}

/** States of a child that users and other tools made: as many of the newest are offered as a base. */
const OFFERED_FOREIGN = 8;

function statesOf(entries: readonly Entry[], dataset: string): string[] {
  const held = entries.filter((entry) => entry.kind !== 'dataset' && entry.dataset === dataset).sort(byAge);
  const foreign = new Set(held.filter((entry) => !isOurs(entry)).slice(-OFFERED_FOREIGN));
  const offered = held.filter((entry) => isOurs(entry) || foreign.has(entry));
  return [...new Set(offered.map(({ properties }) => properties['guid'] ?? ''))];
}

/** What the sync froze, by its own name: in the middle of a chain it is another relationship's. */
async function findFrozen(host: Host, volume: Volume, { relationship, syncId }: TransferId): Promise<string> {
  const taken = ownSnapshots(await findPlace(host, volume)).find((each) => syncsOf(each).includes(syncId));
  return taken?.own ?? snapshotName(relationship, syncId);
}

const FROZEN = /^tidemark_[A-Za-z0-9_.:-]+$/;

/** The name that the received snapshot bears. @throws TidemarkError `InvalidSpec` */
export function parseFrozen(told: Told, { relationship, syncId }: TransferId): string {
  const frozen = readOffer(told).frozen ?? snapshotName(relationship, syncId);
  return FROZEN.test(frozen) ? frozen : fail('the source names a snapshot that is none');
}

async function findParts(host: Host, volume: Volume, recursive: boolean): Promise<OfferedPart[]> {
  if (!recursive) return [{ part: '', guids: [] }];
  const place = await findPlace(host, volume);
  return sourceParts(place).map((dataset) => ({
    part: dataset.slice(volume.path.length),
    // The volume's own base is chosen by the plan.
    guids: dataset === volume.path ? [] : statesOf(place.entries, dataset),
  }));
}

async function readProperties(
  host: Host,
  volume: Volume,
  parts: readonly OfferedPart[],
): Promise<SentProperties> {
  const all: SentProperties = {};
  for (const { part } of parts) {
    const columns = ['-Hp', '-o', 'property,value', '-s', 'local', 'all'];
    const { stdout } = await runZfs({ host, volume }, ['get', ...columns, `${volume.path}${part}`]);
    const lines = stdout
      .toString()
      .split('\n')
      .filter((line) => line.includes('\t'));
    const local = lines.map(
      (line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)] as const,
    );
    all[part] = Object.fromEntries(local.filter(([name]) => !NOT_SENT.test(name)));
  }
  return all;
}

/** @throws TidemarkError `UnsupportedCapture` where raw streams are wanted that this ZFS has not. */
async function checkRaw(host: Host, mover: MoverSpec): Promise<void> {
  if (zfsOptions(mover).raw !== 'always' || (await findFeatures(host)).raw) return;
  throw new TidemarkError('UnsupportedCapture', 'the ZFS there can not send raw streams', {
    host: host.name,
    hint: 'leave mover.zfs.raw out, or take a ZFS that knows zfs send -w',
  });
}

/** `offer` of the mover contract. */
export const makeOffer: Mover['offer'] = async (host, { id, targetHost, volume, mover }) => {
  await checkRaw(host, mover);
  const { recursive, properties } = zfsOptions(mover);
  const parts = volume ? await findParts(host, volume, recursive) : [{ part: '', guids: [] }];
  const sent = volume && properties ? await readProperties(host, volume, parts) : {};
  const publicKey = await makeKey(host, id, targetHost);
  const frozen = volume ? { frozen: await findFrozen(host, volume, id) } : {};
  const told: ZfsOffer = { parts, properties: sent, ...frozen };
  return { publicKey, told };
};

/** `offerVerify` of the mover contract. */
export const makeVerifyOffer: Mover['offerVerify'] = async (host, { id, quick }) => {
  const publicKey = await makeKey(host, id, '');
  const told: ZfsOffer = { isToCompare: true, ...(quick && { isQuick: true }) };
  return { publicKey, told };
};
