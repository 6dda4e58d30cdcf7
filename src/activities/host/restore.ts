import { join } from 'node:path';
import type { Host } from '../../hosts/contract';
import { measureTree } from '../../trees/measure-tree';
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import { declarationOf } from '../../model/kinds';
import { reachHere } from '../../movers/reach';
import type { HostActivities } from '../contract';
import type { AgentContext } from './context';
import { type Doors, withReach } from './doors';
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

export function makeRestore(
  context: AgentContext,
  doors: Doors,
): Pick<HostActivities, 'offerRestore' | 'receiveRestore'> {
  const { host, volumes } = context;
  return {
    async offerRestore({ volume, claim, syncId, id, holder, pointId, part, targetHost, mover, dryRun }) {
      const driver = volumes.driverFor(volume);
      await driver.check(host, volume, claim);
      const point = await findPoint(context, { volume, claim }, pointId);
      if (!declarationOf(volume.kind).hasTrees) throw noTree(host, volume);
      const written = { relationship: claim.relationship, target: holder, syncId };
      // The only copy is the replica itself.
      const broken = point.method === 'Direct' && (await landingsSincePublish(host, written)) > 0;
      const state = { of: 'point', relationship: claim.relationship, pointId: point.id } as const;
      return await withReach({ host, volume, driver }, state, id, async (reach) => {
        const { runner, path } = reach;
        const content =
          part === undefined
            ? { entries: point.files, bytes: point.bytes }
            : await findPart(runner, { tree: path, part, pointId: point.id });
        const onDisk = await measureTree(runner, part === undefined ? path : join(path, part));
        const leastBytes = Math.min(content.bytes, onDisk);
        const isItem = part !== undefined;
        const offer = dryRun
          ? await volumes.moverFor(mover).offerVerify(host, { id, reach, mover, quick: true, isItem })
          : await volumes.moverFor(mover).offer(host, { id, reach, targetHost, mover, isItem });
        const capture = { syncId, method: 'Direct', path, live: false, pointId: point.id } as const;
        return { offer, point, content, leastBytes, broken, capture };
      });
    },

    async receiveRestore({ id, path, part, overwrite, dryRun, offer, mover, leastBytes, landingLifetimeMs }) {
      const wanted = { path, overwrite, leastBytes, ...(part !== undefined && { part }) };
      const { root, exists, folder, base, item, found } = await findRestorePlace(host, wanted);
      const place = { root, found, ...(base !== undefined && { base }), ...(item !== undefined && { item }) };
      // Nothing there can be deleted.
      if (dryRun && found.entries === 0) return place;
      if (!exists) await host.files.mkdir(root, PRIVATE_FOLDER);
      const volume: Volume = { kind: 'directory', path: folder };
      const keeps = await volumes.driverFor(volume).keeps?.(host, volume);
      const open = () => Promise.resolve(reachHere(host, folder));
      const opened = await doors.openFor(id, open, (reach, landings) =>
        volumes.moverFor(mover).receive(host, landings, {
          ...{ id, reach, volume, offer, mover },
          ...(keeps && { keeps }),
          writeMode: dryRun ? 'verify' : 'delayed',
          expiresAt: expiryIn(landingLifetimeMs),
        }),
      );
      return { ...place, opened };
    },
  };
}
