/** Looks into recovery points: lists, finds, compares. Changes nothing. */
import { Context } from '@temporalio/activity';
import type { ReadNotes } from '../../api/points';
import { TidemarkError } from '../../model/errors';
import { makeNameMatcher } from '../../model/name-pattern';
import {
  Comparing,
  type Entry,
  MOST_COMPARED,
  Page,
  type PointRef,
  Versions,
} from '../../model/point-content';
import type { Point } from '../../model/records';
import { formatCount } from '../../model/units';
import type { HostActivities, LookAt } from '../contract';
import type { AgentContext } from './context';
import { isLive, type Read, type ReadAt, readState } from './read-point';
import { findPoint } from './verify';

/** Less than the workflow waits for it. */
const LONGEST_MS = 240_000;
/** After so long, no other point is begun. */
const BEGUN_WITHIN_MS = 120_000;

/** Of what a tool says. */
const MOST_SAID = 500;

const refOf = ({ id, capturedAt }: Point): PointRef => ({ id, capturedAt });

function notesOf(reads: readonly Read[], isLiveRead: boolean): ReadNotes {
  const said = reads.map(({ problems }) => problems).find((problems) => problems !== '');
  return {
    ...(said !== undefined && { unreadable: said.slice(0, MOST_SAID) }),
    ...(isLiveRead && { isLive: true }),
  };
}

/** @throws TidemarkError `ToolFailed` where it takes too long */
async function inTime<T>({ host, volume }: ReadAt, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(LONGEST_MS);
  try {
    return await work(AbortSignal.any([Context.current().cancellationSignal, late]));
  } catch (error) {
    if (!late.aborted) throw error;
    const message = `it could not be read within ${LONGEST_MS / 60_000} minutes`;
    const hint = 'name a folder of it, or restore it and look there';
    throw new TidemarkError('ToolFailed', message, { host: host.name, volume: volume.path, hint });
  }
}

function missingPath({ host, relationship }: ReadAt, path: string, where: string): TidemarkError {
  const hint = `look for it in other points: tidemark find ${relationship} ${path.split('/').at(-1) ?? ''}`;
  return new TidemarkError('InvalidSpec', `${where} has no ${path}`, { host: host.name, hint });
}

type Looks = Pick<HostActivities, 'listPoint' | 'findInPoints' | 'diffPoints'>;

const listPoint =
  (context: AgentContext): Looks['listPoint'] =>
  async (input) => {
    const { at, find } = prepare(context, input);
    const { pointId, path, deep = false, limit, after } = input.request;
    const point = await find(pointId);
    const page = new Page<Entry>(limit, after);
    // The names of images are no paths of folders.
    const isDeep = deep || input.volume.kind === 'image';
    const folder = path === undefined ? {} : { folder: path };
    const onEntry = (entry: Entry) => {
      if (entry.path !== path || entry.type !== 'folder') page.add(entry);
    };
    const read = await inTime(at, (signal) =>
      readState(at, point, { ...folder, deep: isDeep, signal }, onEntry),
    );
    if (!read.isThere) throw missingPath(at, path ?? '', `recovery point ${point.id}`);
    const { items, more } = page.close();
    const about = { point: refOf(point), ...(path !== undefined && { path }) };
    return { ...about, ...notesOf([read], isLive(point)), entries: items, more };
  };

const findInPoints =
  (context: AgentContext): Looks['findInPoints'] =>
  async (input) => {
    const { at } = prepare(context, input);
    const { pattern, limit, before } = input.request;
    const fits = makeNameMatcher(pattern);
    const until = before === undefined ? Infinity : Date.parse(before);
    const all = await at.driver.points(at.host, at.volume, at.relationship);
    const due = all.filter(({ capturedAt }) => Date.parse(capturedAt) < until).toReversed();
    const versions = new Versions();
    const seen = new Map<string, Entry[]>();
    const reads: Read[] = [];
    const looked: PointRef[] = [];
    let isCut = false;
    const startedAt = performance.now();
    await inTime(at, async (signal) => {
      for (const point of due) {
        if (looked.length > 0 && performance.now() - startedAt > BEGUN_WITHIN_MS) break;
        // Points of one identity hold the same.
        const known = isLive(point) ? undefined : seen.get(point.identity);
        const page = new Page<Entry>(limit);
        const onEntry = (entry: Entry) => {
          if (fits(entry.path)) page.add(entry);
        };
        if (!known) reads.push(await readState(at, point, { deep: true, signal }, onEntry));
        const { items, more } = page.close();
        isCut ||= more > 0;
        const entries = known ?? items;
        seen.set(point.identity, entries);
        versions.addPoint(refOf(point), entries);
        looked.push(refOf(point));
      }
    });
    const found = versions.close(limit);
    const isLiveRead = due.slice(0, looked.length).some(isLive);
    const unread = due.length - looked.length;
    return {
      ...notesOf(reads, isLiveRead),
      ...{ points: looked, unread, versions: found.versions, isCut: isCut || found.isCut },
    };
  };

const diffPoints =
  (context: AgentContext): Looks['diffPoints'] =>
  async (input) => {
    const { at, find } = prepare(context, input);
    const { pointId, otherId, path, limit, after } = input.request;
    const before = await find(pointId);
    const later = otherId === undefined ? undefined : await find(otherId);
    const comparing = new Comparing(limit, after);
    let byDigest = false;
    const addBefore = (entry: Entry) => {
      byDigest ||= entry.digest !== undefined;
      if (comparing.addBefore(entry)) return;
      const message = `it holds more than ${formatCount(MOST_COMPARED, 'entry', 'entries')}: too many to be compared at once`;
      const hint = 'name a folder of it';
      throw new TidemarkError('InvalidSpec', message, { host: at.host.name, volume: at.volume.path, hint });
    };
    const folder = path === undefined ? {} : { folder: path };
    const reads = await inTime(at, async (signal) => [
      await readState(at, before, { ...folder, deep: true, signal }, addBefore),
      await readState(at, later, { ...folder, deep: true, signal }, comparing.addAfter),
    ]);
    if (reads.every(({ isThere }) => !isThere)) throw missingPath(at, path ?? '', 'either of both');
    return {
      ...{ before: refOf(before), after: later ? refOf(later) : null },
      ...(path !== undefined && { path }),
      ...notesOf(reads, isLive(before) || isLive(later)),
      ...{ byDigest, ...comparing.close() },
    };
  };

function prepare(context: AgentContext, { volume, relationship }: LookAt<unknown>) {
  const { host, volumes } = context;
  const at: ReadAt = { host, volume, driver: volumes.driverFor(volume), relationship };
  const claim = { relationship, epoch: 0, role: 'target' } as const;
  const find = (pointId?: string) =>
    findPoint(context, { volume, claim }, pointId === 'latest' ? undefined : pointId);
  return { at, find };
}

export const makeLooks = (context: AgentContext): Looks => ({
  listPoint: listPoint(context),
  findInPoints: findInPoints(context),
  diffPoints: diffPoints(context),
});
