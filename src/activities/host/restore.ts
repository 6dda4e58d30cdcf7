import { dirname } from 'node:path';
import type { Host } from '../../hosts/contract';
import { runChecked } from '../../hosts/run-checked';
import { refuseFolder } from '../../model/paths';
import { TidemarkError } from '../../model/errors';
import type { Volume } from '../../model/records';
import { formatBytes } from '../../model/units';
import { moverFor } from '../../movers/registry';
import { driverFor } from '../../volumes/registry';
import type { HostActivities } from '../contract';
import type { AgentContext } from './context';
import { expiryIn } from './landed';
import { findPoint } from './verify';

/** What is at a path itself, no symlink followed; undefined where nothing is. */
async function kindOf(host: Host, path: string): Promise<string | undefined> {
  const { stdout, exitCode } = await host.run(['stat', '-c', '%F', '--', path]);
  return exitCode === 0 ? stdout.toString().trim() : undefined;
}

/** Free for everybody, where a path is or will be. */
async function freeBytesAt(host: Host, path: string): Promise<number> {
  let at = path;
  while ((await kindOf(host, at)) === undefined && at !== '/') at = dirname(at);
  // With a dot, a symlink to a folder is followed.
  const { stdout } = await runChecked(host, ['stat', '-f', '-c', '%a %S', '--', `${at}/.`]);
  const [blocks = 0, size = 0] = stdout.toString().trim().split(' ').map(Number);
  return blocks * size;
}

/** Refuses a destination whose present content would be lost, or that has no room. Makes a missing folder. */
async function prepareDestination(
  host: Host,
  path: string,
  overwrite: boolean,
  bytes: number,
): Promise<void> {
  const fail = (
    message: string,
    hint: string,
    type: 'Diverged' | 'InvalidSpec' | 'TargetFull' = 'InvalidSpec',
  ) => new TidemarkError(type, message, { host: host.name, volume: path, hint });
  const reason = refuseFolder(path, 'target');
  if (reason) throw fail(reason, 'name a folder of its own');
  const found = await kindOf(host, path);
  if (found !== undefined && found !== 'directory')
    throw fail(`${path} is not a directory`, 'name a directory, or a path where there is nothing');
  if (found !== undefined && !overwrite && (await host.files.list(path)).length > 0) {
    throw fail(
      `${path} is not empty`,
      'name an empty or new folder, or say --overwrite to make it equal to the point',
      'Diverged',
    );
  }
  const missing = found === undefined ? bytes - (await freeBytesAt(host, path)) : 0;
  if (missing > 0) {
    throw fail(
      `${formatBytes(bytes)} are needed: ${formatBytes(missing)} are missing`,
      'free space there, or restore elsewhere',
      'TargetFull',
    );
  }
  await host.files.mkdir(path);
}

function noTree(host: Host, { kind, path }: Volume): TidemarkError {
  const message = `a recovery point of kind ${kind} holds no files, and can't be restored into a directory`;
  const hint = 'fail over to it, or rehearse that on a copy: tidemark drill';
  return new TidemarkError('UnsupportedCapture', message, { host: host.name, volume: path, hint });
}

export function makeRestore(context: AgentContext): Pick<HostActivities, 'offerRestore' | 'receiveRestore'> {
  const { host, landings } = context;
  return {
    async offerRestore({ volume, claim, syncId, id, pointId, targetHost, mover }) {
      const driver = driverFor(volume.kind);
      await driver.check(host, volume, claim);
      const point = await findPoint(context, { volume, claim }, pointId);
      if (!driver.hasTrees) throw noTree(host, volume);
      const path = await driver.pointPath(host, volume, claim.relationship, point.id);
      const offer = await moverFor(mover).offer(host, { id, targetHost, mover });
      return { offer, point, capture: { syncId, method: 'Direct', path, live: false } };
    },

    async receiveRestore({ id, path, overwrite, offer, mover, bytes, landingLifetimeMs }) {
      await prepareDestination(host, path, overwrite, bytes);
      const volume: Volume = { kind: 'directory', path };
      const keeps = await driverFor(volume.kind).keeps?.(host, volume);
      return moverFor(mover).receive(host, landings, {
        id,
        path,
        volume,
        ...(keeps && { keeps }),
        offer,
        writeMode: 'delayed',
        mover,
        expiresAt: expiryIn(landingLifetimeMs),
      });
    },
  };
}
