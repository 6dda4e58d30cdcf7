/** Every kind of volume, and every mover. A new kind adds a folder and a line. */
import type { Host } from '../hosts/contract';
import { TidemarkError } from '../model/errors';
import { declarationOf, type VolumeKind } from '../model/kinds';
import type { Volume } from '../model/records';
import type { MoverSpec } from '../model/spec';
import { blockMover } from '../movers/block';
import type { Mover } from '../movers/contract';
import { rsyncMover } from '../movers/rsync';
import { block } from './block';
import { btrfs } from './btrfs';
import { bucket } from './bucket';
import type { AgentNews, Implementation, KindImplementation, VolumeDriver } from './contract';
import { directory } from './directory';
import { image } from './image';
import { peer } from './peer';
import { pvc } from './pvc';
import { repository } from './repository';
import { zfs } from './zfs';

/** What each kind is handled by. */
export type Implementations = Readonly<Record<VolumeKind, KindImplementation>>;

export const IMPLEMENTATIONS: Implementations = {
  directory,
  zfs,
  btrfs,
  image,
  block,
  pvc,
  repository,
  bucket,
  peer,
};

/** The drivers and movers of one agent. */
export interface Volumes {
  /** The driver of a volume, or of a kind of volume. */
  driverFor(volume: Volume | VolumeKind): VolumeDriver;
  /** The mover that a spec asks for. @throws TidemarkError `InvalidSpec` for one that there is not. */
  moverFor(spec: MoverSpec): Mover;
  /** All of them; those that are no kind's own come first. */
  movers: readonly Mover[];
  /** The agent starts: what a former life of it has left running is removed. */
  start(news?: AgentNews): Promise<void>;
  /** The agent ends: what is kept for whoever may come next is removed. */
  stop(): Promise<void>;
}

const NOBODY_LISTENS: AgentNews = {
  syncIsDue: () => undefined,
  findVolume: () => Promise.resolve(undefined),
};

export function makeVolumes(agent: Host, implementations: Implementations = IMPLEMENTATIONS): Volumes {
  const isCluster = agent.cluster !== undefined;
  const made = new Map<VolumeKind, Implementation>();
  for (const [kind, make] of Object.entries(implementations) as [VolumeKind, KindImplementation][]) {
    const isHere = declarationOf(kind).isAtSource === true || isCluster === (kind === 'pvc');
    const implementation = isHere ? make(agent) : undefined;
    if (implementation) made.set(kind, implementation);
  }
  const movers = [
    rsyncMover,
    blockMover,
    ...[...made.values()].flatMap(({ mover }) => (mover ? [mover] : [])),
  ];
  return {
    movers,
    driverFor(volume) {
      const kind = typeof volume === 'string' ? volume : volume.kind;
      const found = made.get(kind);
      if (found) return found.driver;
      throw refuseKind(agent, kind, typeof volume === 'string' ? undefined : volume);
    },
    moverFor(spec) {
      const mover = movers.find(({ kind }) => spec[kind] !== undefined);
      if (mover) return mover;
      throw new TidemarkError('InvalidSpec', `no mover of this name: ${Object.keys(spec).join(', ')}`, {
        hint: `one of: ${movers.map(({ kind }) => kind).join(', ')}`,
      });
    },
    async start(news = NOBODY_LISTENS) {
      for (const { start } of made.values()) await start?.(news);
    },
    async stop() {
      for (const { stop } of made.values()) await stop?.();
    },
  };
}

function refuseKind(agent: Host, kind: VolumeKind, volume: Volume | undefined): TidemarkError {
  const about = { host: agent.name, ...(volume && { volume: volume.path }) };
  return agent.cluster
    ? new TidemarkError('InvalidSpec', `host ${agent.name} is a Kubernetes cluster: its volumes are claims`, {
        ...about,
        hint: 'name one as pvc: NAMESPACE/NAME',
      })
    : new TidemarkError('InvalidSpec', `host ${agent.name} is no Kubernetes cluster, and has no claims`, {
        ...about,
        hint: `start its agent with --kubernetes, or name a volume of another kind than ${kind}`,
      });
}
