/** Copies of an image file that share its blocks. */
import { randomUUID } from 'node:crypto';
import { makeError, classifyFailure, isFull, runTool, type Subject } from '../shared/tools';
import { tailOf } from '../../hosts/run-checked';
import { PARTIAL, type Place } from './place';

export interface WorkOptions {
  attempt: string;
  signal?: AbortSignal;
}

/** A name of its own: an attempt that was given up can't rename what its successor is writing. */
export const partialOf = (path: string) => `${path}.${randomUUID()}${PARTIAL}`;

/**
 * Clones an image file to where nothing is: there whole, on disk, or not at all.
 * @throws TidemarkError `UnsupportedCapture` where its blocks can't be shared
 */
export async function cloneImage(
  place: Place,
  from: string,
  to: string,
  options: WorkOptions,
): Promise<void> {
  if (place.isDevice) throw refuseClone(place);
  const partial = partialOf(to);
  const argv = ['cp', '-a', '--reflink=always', '-T', '--', from, partial];
  const result = await place.host.run(argv, options);
  if (result.exitCode !== 0) {
    await place.host.files.remove(partial);
    if (/failed to clone/.test(result.stderr) && !isFull(result.stderr))
      throw refuseClone(place, tailOf(result.stderr));
    throw classifyFailure(place, argv, result);
  }
  await flush(place, partial);
  await place.host.files.rename(partial, to);
}

export function refuseClone(subject: Subject & Pick<Place, 'isDevice'>, toolMessage?: string) {
  const message = subject.isDevice
    ? 'a block device can not share its blocks with a copy'
    : 'the image file can not share its blocks with a copy';
  const hint = 'use copyMethod Direct, or put image files on btrfs or XFS';
  return makeError(subject, 'UnsupportedCapture', message, {
    hint,
    ...(toolMessage !== undefined && { toolMessage }),
  });
}

/** Puts what was written to it onto its disk. */
export async function flush(subject: Subject, path: string): Promise<void> {
  await runTool(subject, ['sync', '--', path]);
}
