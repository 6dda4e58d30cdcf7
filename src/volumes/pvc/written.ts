/** What others wrote to a replica since its newest point. */
import type { Volume, Written } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { SincePoint } from '../contract';
import { listWrittenBy, wasWrittenBy } from '../shared/written';
import type { MoverPods } from './pods';
import { readRecords } from './points';
import { withFiles } from './reach';
import { lookAtReplica, type ReplicaLook } from './replica';

/** One look at the whole replica; undefined where there is none that files could be looked for in. */
const look = (
  pods: MoverPods,
  host: Host,
  volume: Volume,
  { relationship, signal }: SincePoint,
): Promise<ReplicaLook | undefined> =>
  withFiles(pods, { host, volume }, { relationship }, async (place, reach) => {
    const newest = (await readRecords(place, relationship)).at(-1)?.point.id;
    return await lookAtReplica(place, reach, relationship, newest, signal);
  });

/** `listWritten` of the volume contract. */
export const listWritten = async (
  pods: MoverPods,
  host: Host,
  volume: Volume,
  request: SincePoint,
): Promise<Written> => listWrittenBy(await look(pods, host, volume, request), request.landings);

/** `wasWritten` of the volume contract. */
export const wasWritten = async (
  pods: MoverPods,
  host: Host,
  volume: Volume,
  request: SincePoint,
): Promise<boolean> => wasWrittenBy(await look(pods, host, volume, request), request.landings);
