/**
 * The mover of what somebody else pushes into a claim: the target's half opens the door in the pod that has the claim, and the
 * source's waits there until a push is whole. Both are of one agent.
 */
import { TidemarkError } from '../../../model/errors';
import { parseClaimDoor } from '../../../model/doors';
import { CORE, type PersistentVolumeClaim } from '../../../hosts/cluster/objects';
import type { Host } from '../../../hosts/contract';
import type { Mover, Opened, Pushed, TransferId, TransferRequest } from '../../../movers/contract';
import { readTold } from '../../../movers/shared/told';
import type { DoorRequest, OpenedDoor } from './contract';
import { forgetAll, forgetWhole, noteWhole, readWhole } from './note';
import { openSshDoor } from './ssh-door';
import { openTlsDoor } from './tls-door';
import { measurePush } from './stats';
import { makeOffer, OfferSchema, OpenedSchema } from './told';

type Link = Omit<TransferId, 'syncId'>;
type ReceiveRequest = Parameters<Mover['receive']>[2];

interface Entry {
  syncId: string;
  door: OpenedDoor;
  reach: ReceiveRequest['reach'];
}

const keyOf = ({ relationship, target }: Link) => JSON.stringify([relationship, target]);

const refuse = (): Promise<never> =>
  Promise.reject(
    new TidemarkError(
      'UnsupportedCapture',
      'whoever pushes has the source, and nobody here can compare a point with that',
      { hint: 'restore the point, and look at it: tidemark restore' },
    ),
  );

/** Which volume the claim is now: one that was made anew is another one. */
async function identify({ name, cluster }: Host, { path }: ReceiveRequest['volume']): Promise<string> {
  const [namespace = '', claim = ''] = path.split('/');
  const found = await cluster?.api.read<PersistentVolumeClaim>({
    ...{ apiVersion: CORE, kind: 'PersistentVolumeClaim', metadata: { namespace, name: claim } },
  });
  if (found?.metadata.uid !== undefined) return found.metadata.uid;
  throw new TidemarkError('VolumeMissing', `there is no PersistentVolumeClaim ${path}`, { host: name });
}

export class PushMover implements Mover {
  readonly kind = 'push';
  readonly offerVerify = refuse;
  readonly verify = refuse;
  private readonly open = new Map<string, Entry>();

  /** @param where the door listens in its pod; by default where its Service leads */
  constructor(private readonly where: Pick<DoorRequest, 'address' | 'port'> = {}) {}

  /** How large what will come is, nobody knows before. */
  measure: Mover['measure'] = () => Promise.resolve({ disk: 0, files: 0 });

  offer: Mover['offer'] = (_host, { volume }) => {
    const door = volume && parseClaimDoor(volume.path);
    if (!door) return refuse();
    return Promise.resolve({ publicKey: '', told: makeOffer(door.scheme, volume) });
  };

  receive: Mover['receive'] = async (host, _landings, request): Promise<Opened> => {
    const { id, reach, volume, offer } = request;
    if (request.writeMode === 'verify') return await refuse();
    const { scheme, credentials, signal } = readTold(OfferSchema, offer.told, 'source');
    await this.end(id);
    const [namespace = ''] = volume.path.split('/');
    const claim = await identify(host, volume);
    const openDoor = scheme === 'ssh' ? openSshDoor : openTlsDoor;
    const door = await openDoor(host, {
      ...{ runner: reach.runner, volume: reach.path, credentials, namespace },
      ...(signal && { signal }),
      ...this.where,
    });
    this.open.set(keyOf(id), { syncId: id.syncId, door, reach });
    return { door: { how: 'none' }, told: { claim } };
  };

  transfer: Mover['transfer'] = async (host, request): Promise<Pushed> => {
    const { id, opened, remembered, signal, onProgress } = request;
    const entry = this.open.get(keyOf(id));
    if (entry?.syncId !== id.syncId)
      throw new TidemarkError(
        'TransferInterrupted',
        'the door of this sync is closed: its agent was restarted',
        {
          ...{ host: host.name, hint: 'it is opened again by itself' },
        },
      );
    const { claim } = readTold(OpenedSchema, opened.told, 'target');
    const noted = await readWhole(host, id);
    // Of this sync, or of one that has made no point of it: nobody has pushed since.
    const isWhole = noted?.claim === claim && noted.syncId !== remembered?.confirmed;
    const whole = isWhole ? noted : await this.await({ host, entry, claim }, { id, signal, onProgress });
    const { runner, path } = entry.reach;
    const stats = await measurePush(runner, path, whole, await entry.door.countBytes());
    return { ...stats, capturedAt: whole.at };
  };

  close: Mover['close'] = async (_host, _place, id) => {
    if (this.open.get(keyOf(id))?.syncId === id.syncId) await this.end(id);
  };

  closeAll: Mover['closeAll'] = (_host, _place, link) => this.end(link);

  forget: NonNullable<Mover['forget']> = (host, relationship) => forgetAll(host, relationship);

  private async await(
    { host, entry, claim }: { host: Host; entry: Entry; claim: string },
    { id, signal, onProgress }: Pick<TransferRequest, 'id' | 'signal' | 'onProgress'>,
  ) {
    await forgetWhole(host, id);
    return await entry.door.awaitWhole(signal, onProgress, ({ at, begunAt }) =>
      noteWhole(host, id, { syncId: id.syncId, claim, at, begunAt }),
    );
  }

  private async end(link: Link): Promise<void> {
    const entry = this.open.get(keyOf(link));
    this.open.delete(keyOf(link));
    await entry?.door.close();
  }
}
