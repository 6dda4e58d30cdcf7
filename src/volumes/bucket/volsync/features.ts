/** What a store can keep, found out by a trial on the very store, beside the bucket: once for each agent. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { runChecked } from '../../../hosts/run-checked';
import { timeStepOf } from '../../../model/keeps';
import { readRecord } from '../../shared/records';
import { writeRecord } from '../../shared/tools';
import { OWN_FOLDER } from '../layout';
import { folderOf, removeKeys } from '../notes';
import { at, type Bucket, NO_FOLDER, runLight } from '../rclone';
import type { StoreFeatures } from './held';
import { besideOf } from './store';

const FeaturesSchema = z.object({ hasFolders: z.boolean(), timeStepNs: z.number().positive() });

/** A time that no clock shows, as exact as times can be. */
const TRIED_SECONDS = 1_234_567_891;
const TRIED_FRACTION = '123456789';
/** Coarser than anything that is tried. */
const NEVER = 10 ** 18;

/** The step in which a time was kept, of what the store says of it. Pure. */
export function stepOfStored(modTime: string): number {
  const seconds = Math.floor(Date.parse(modTime) / 1000);
  // A store that has only even seconds may have gone down by one.
  if (!(Math.abs(seconds - TRIED_SECONDS) <= 1)) return NEVER;
  const fraction = /\.(\d+)/.exec(modTime)?.[1] ?? '';
  return timeStepOf(`${seconds}.${fraction}`);
}

const StatSchema = z.object({ ModTime: z.string() });

async function tryTimes(bucket: Bucket, folder: string): Promise<number> {
  const { runner } = bucket;
  const own = join(runner.scratch, `trial-${randomUUID()}`);
  const file = join(own, 'file');
  try {
    await runner.files.mkdir(own, 0o700);
    await runChecked(runner, ['touch', `--date=@${TRIED_SECONDS}.${TRIED_FRACTION}`, '--', file]);
    await runLight(bucket, ['copyto', '--', file, at(bucket, `${folder}/file`)]);
    const { stdout } = await runLight(bucket, ['lsjson', '--stat', '--', at(bucket, `${folder}/file`)]);
    return stepOfStored(StatSchema.parse(JSON.parse(stdout.toString())).ModTime);
  } finally {
    await runner.files.remove(own);
  }
}

async function tryFolders(bucket: Bucket, folder: string): Promise<boolean> {
  const { runner } = bucket;
  const from = join(runner.scratch, `trial-${randomUUID()}`);
  try {
    await runner.files.mkdir(join(from, 'empty'), 0o700);
    await runLight(bucket, ['copy', '--create-empty-src-dirs', '--', from, at(bucket, folder)]);
    const { stdout } = await runLight(bucket, ['lsf', '--', at(bucket, folder)], {}, [NO_FOLDER]);
    return stdout.toString().split('\n').includes('empty/');
  } finally {
    await runner.files.remove(from);
  }
}

/** @throws TidemarkError where nothing can be written there */
export async function featuresOf(bucket: Bucket): Promise<StoreFeatures> {
  const beside = besideOf(bucket);
  const path = join(folderOf(beside), 'features.json');
  const before = await readRecord(beside, path, FeaturesSchema);
  if (before) return before;
  const folder = `${OWN_FOLDER}/trial-${randomUUID()}`;
  const timeStepNs = await tryTimes(beside, folder);
  const hasFolders = await tryFolders(beside, folder);
  await removeKeys(beside, [`${folder}/file`]);
  await runLight(beside, ['rmdirs', '--', at(beside, folder)], {}, [NO_FOLDER]);
  const features = { hasFolders, timeStepNs };
  await writeRecord(beside, path, features);
  return features;
}
