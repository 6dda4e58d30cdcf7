import { join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { measureTree } from '../../trees/measure-tree';
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import { driverFor, moverFor } from '../../volumes/registry';
import type { HostActivities } from '../contract';
import type { AgentContext } from './context';
import { expiryIn, landingsSincePublish } from './landed';
import { findPart, findRestorePlace } from './restore-place';
import { findPoint } from './verify';

/** Its owner, and who else may look, are told by what is restored. */
const PRIVATE_FOLDER = 0o700;

function noTree(host: Host, { kind, path }: Volume): TidemarkError {
  const message = `a recovery point of kind ${kind} holds no files, and can't be restored into a directory`;
  const hint = 'fail over to it, or rehearse that on a copy: tidemark drill';
  return new TidemarkError('UnsupportedCapture', message, { host: host.name, volume: path, hint });
}

export function makeRestore(context: AgentContext): Pick<HostActivities, 'offerRestore' | 'receiveRestore'> {
  const { host, landings } = context;
  return {
    async offerRestore({ volume, claim, syncId, id, holder, pointId, part, targetHost, mover, dryRun }) {
      const driver = driverFor(volume.kind);
      await driver.check(host, volume, claim);
      const point = await findPoint(context, { volume, claim }, pointId);
      if (!driver.hasTrees) throw noTree(host, volume);
      const written = { relationship: claim.relationship, target: holder, syncId };
      // The only copy is the replica itself.
      const broken = point.method === 'Direct' && (await landingsSincePublish(host, written)) > 0;
      const path = await driver.pointPath(host, volume, claim.relationship, point.id);
      const content =
        part === undefined
          ? { entries: point.files, bytes: point.bytes }
          : await findPart(host, { tree: path, part, pointId: point.id });
      const onDisk = await measureTree(host, part === undefined ? path : join(path, part));
      const leastBytes = Math.min(content.bytes, onDisk);
      const isItem = part !== undefined;
      const offer = dryRun
        ? await moverFor(mover).offerVerify(host, { id, mover, quick: true, isItem })
        : await moverFor(mover).offer(host, { id, targetHost, mover, isItem });
      const capture = { syncId, method: 'Direct', path, live: false } as const;
      return { offer, point, content, leastBytes, broken, capture };
    },

    async receiveRestore({ id, path, part, overwrite, dryRun, offer, mover, leastBytes, landingLifetimeMs }) {
      const wanted = { path, overwrite, leastBytes, ...(part !== undefined && { part }) };
      const { root, exists, folder, base, item, found } = await findRestorePlace(host, wanted);
      const place = { root, found, ...(base !== undefined && { base }), ...(item !== undefined && { item }) };
      // Nothing there can be deleted.
      if (dryRun && found.entries === 0) return place;
      if (!exists) await host.files.mkdir(root, PRIVATE_FOLDER);
      const volume: Volume = { kind: 'directory', path: folder };
      const keeps = await driverFor(volume.kind).keeps?.(host, volume);
      const landing = await moverFor(mover).receive(host, landings, {
        id,
        path: folder,
        volume,
        ...(keeps && { keeps }),
        offer,
        writeMode: dryRun ? 'verify' : 'delayed',
        mover,
        expiresAt: expiryIn(landingLifetimeMs),
      });
      return { ...place, landing };
    },
  };
}
