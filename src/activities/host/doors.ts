/**
 * What a target has open for a transfer, from the landing to the recovery point: longer than one step, and no longer than
 * this process. What an agent left open that was killed, its successor ends by `VolumeDriver.leave`.
 */
import { join } from 'node:path';
import type { Host } from '../../hosts/contract';
import type { Landings } from '../../landings/contract';
import type { Capture } from '../../model/capture';
import type { Volume } from '../../model/records';
import type { LandingPlace, Mover, TransferId } from '../../movers/contract';
import { reachAt, type Reach } from '../../movers/reach';
import type { State, VolumeDriver } from '../../volumes/contract';
import type { AgentContext } from './context';

type Link = Omit<TransferId, 'syncId'>;

const keyOf = ({ relationship, target }: Link) => JSON.stringify([relationship, target]);

/** What is read of a volume: with `orFrozen`, as `State` has it. */
interface Captured {
  capture: Capture;
  orFrozen?: true;
}

/** The state that it is. */
function stateOf(relationship: string, { capture, orFrozen }: Captured): State {
  if (capture.pointId !== undefined) return { of: 'point', relationship, pointId: capture.pointId };
  if (!capture.live) return { of: 'capture', capture };
  return { of: 'live', ...(orFrozen && { orFrozen }) };
}

/** Reaches a state for as long as the work takes. */
export async function withReach<T>(
  { host, volume, driver }: { host: Host; volume: Volume; driver: VolumeDriver },
  state: State,
  use: TransferId,
  work: (reach: Reach) => Promise<T>,
): Promise<T> {
  const reach = await driver.reach(host, volume, state, use);
  try {
    return await work(reach);
  } finally {
    await reach.close();
  }
}

/** Reaches what was captured, or the folder of it that an item is named from. */
export async function withCapture<T>(
  at: { host: Host; volume: Volume; driver: VolumeDriver },
  { base, ...captured }: Captured & { base?: string },
  use: TransferId,
  work: (reach: Reach) => Promise<T>,
): Promise<T> {
  return await withReach(at, stateOf(use.relationship, captured), use, (reach) =>
    work(base === undefined ? reach : reachAt(reach, join(reach.path, base))),
  );
}

export class Doors {
  private readonly open = new Map<string, { syncId: string; reach: Reach }>();

  constructor(private readonly context: Pick<AgentContext, 'host' | 'landings' | 'volumes'>) {}

  /** Reaches what is to be written to, or read there, and keeps it open once the landing is, until that is closed. */
  async openFor<T>(
    id: TransferId,
    open: () => Promise<Reach>,
    work: (reach: Reach, landings: Landings) => Promise<T>,
  ): Promise<T> {
    // Of an attempt before, or an earlier sync.
    await this.takeAny(id)?.close();
    const reach = await open();
    try {
      const opened = await work(reach, this.placeOf(reach).landings);
      this.open.set(keyOf(id), { syncId: id.syncId, reach });
      return opened;
    } catch (error) {
      await reach.close();
      throw error;
    }
  }

  /**
   * Closes the landing of one transfer, and lets go of its volume. A late close leaves a later sync's alone.
   * @param touched the volumes of this host that the transfer is from or to
   */
  async close(id: TransferId, movers: readonly Mover[], touched: readonly Volume[]): Promise<void> {
    const isOwn = this.open.get(keyOf(id))?.syncId === id.syncId;
    await this.settle(isOwn ? this.takeAny(id) : undefined, touched, id, async (place) => {
      for (const mover of movers) await mover.close(this.context.host, place, id);
    });
  }

  /** The same, whichever sync it was for. */
  async closeAll(link: Link, movers: readonly Mover[], touched: readonly Volume[]): Promise<void> {
    await this.settle(this.takeAny(link), touched, link, async (place) => {
      for (const mover of movers) await mover.closeAll(this.context.host, place, link);
    });
  }

  private takeAny(link: Link): Reach | undefined {
    const found = this.open.get(keyOf(link));
    this.open.delete(keyOf(link));
    return found?.reach;
  }

  private placeOf(reach: Reach | undefined): LandingPlace {
    const { host, landings } = this.context;
    return { runner: reach?.runner ?? host, landings: reach?.landings ?? landings };
  }

  private async settle(
    reach: Reach | undefined,
    touched: readonly Volume[],
    use: Link & { syncId?: string },
    closeLandings: (place: LandingPlace) => Promise<void>,
  ): Promise<void> {
    const { host, volumes } = this.context;
    try {
      await closeLandings(this.placeOf(reach));
    } finally {
      await reach?.close();
      for (const volume of touched) await volumes.driverFor(volume).leave?.(host, volume, use);
    }
  }
}
