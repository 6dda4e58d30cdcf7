/** Compares a recovery point with the source's copy; changes nothing. */
import type { Host, Runner } from '../../hosts/contract';
import { type LeftOut, mergeLeftOut } from '../../model/left-out';
import type { Comparison, Difference } from '../../model/records';
import { mountsInside } from '../../trees/left-out';
import { isInside } from '../../trees/mounts';
import type { Mover } from '../contract';
import { describeLink } from '../shared/link';
import { findChangedSince } from './changed-since';
import { classifyEnding, VANISHED } from './classify';
import { explainItem, isMissing, pathOfItem, unescapeName } from './differences';
import { ONE_ITEM } from './offer';
import { makeClientOptions, writerOf } from './options';
import { findUnkept } from './unkept';
import { isDeletion, parseSizedItem } from './output';
import { runRsync } from './run-rsync';
import { recallSource } from './source-history';
import { readOpened, withRefused } from './told';

type VerifyRequest = Parameters<Mover['verify']>[1];

type SizedItem = NonNullable<ReturnType<typeof parseSizedItem>>;

/** More would be too much for one answer through Temporal. */
const TOLD_DIFFERENCES = 1000;
const REPORT_EVERY_MS = 500;

export async function verify(host: Host, request: VerifyRequest): Promise<Comparison> {
  const { id, reach, item, opened, quick, capturedAt, pointSyncId, signal, onProgress } = request;
  const { runner, path: sourcePath } = reach;
  const there = readOpened(opened);
  const mover = withRefused(request.mover, there.found);
  const { landing } = there;
  const items: SizedItem[] = [];
  let reportedAt = -Infinity;
  const report = () => {
    if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = performance.now();
    onProgress({ phase: 'comparing', bytesDone: 0, filesDone: items.length, rateBytesPerSecond: 0 });
  };
  report();
  const options = makeClientOptions(
    mover,
    'verify',
    { ...(quick && { compare: 'quick' }), ...(item !== undefined && ONE_ITEM) },
    writerOf(there),
  );
  const onLine = (line: string) => {
    const found = parseSizedItem(line);
    if (found) items.push(found);
    report();
  };
  const { exitCode, stderr } = await runRsync(host, {
    ...{ id, reach, landing, options, signal, onLine },
    ...(item !== undefined && { item }),
  });
  if (exitCode !== 0 && exitCode !== VANISHED) {
    const link = await describeLink(host, id, landing);
    throw classifyEnding({ ...link, exitCode, stderr, sourcePath });
  }
  const { compared, omitted } = await dropOmitted(
    await dropMounted(runner, sourcePath, items),
    request.findOmitted,
  );
  // A receiver without rights takes what it could not keep for equal: what must differ is known by itself.
  const { leftOut, unkept } =
    item === undefined
      ? await findUnkept(runner, { ...request, mover, sourcePath, ...writerOf(there) })
      : { leftOut: [], unkept: [] };
  const names = [...compared.map(pathOfItem), ...unkept.map(({ name }) => name)];
  const isAsked = names.length > 0 && pointSyncId !== undefined;
  const before = isAsked ? await recallSource(host, id, pointSyncId) : undefined;
  const question = { root: sourcePath, names, capturedAt, ...(before && { before }) };
  const changed = await findChangedSince(runner, question);
  const differences = [
    ...compared.map((item, index) => ({
      path: pathOfItem(item),
      what: [...item.what],
      changedSince: changed[index] ?? false,
    })),
    ...unkept.map(({ path, what }, index) => ({
      path,
      what,
      changedSince: changed[compared.length + index] ?? false,
    })),
  ];
  const notHeld = mergeLeftOut(leftOut, omitted);
  return { ...summarize(compared, joinByPath(differences)), ...(notHeld.length > 0 && { leftOut: notHeld }) };
}

const bytesOf = (item: SizedItem) => unescapeName(pathOfItem(item)).toString('latin1');

/** An item, and what differs there. */
type Compared = SizedItem & { what: readonly string[] };

/** What the point's own tool left out on purpose is no difference. */
async function dropOmitted(
  items: readonly SizedItem[],
  findOmitted: VerifyRequest['findOmitted'],
): Promise<{ compared: readonly Compared[]; omitted: LeftOut[] }> {
  const all = items.map((item): Compared => ({ ...item, what: explainItem(item) }));
  const told = (item: Compared) => ({ path: bytesOf(item), type: item.code[1] ?? '', what: item.what });
  const missing = all.filter(isMissing).map(told);
  const differing = all.filter((item) => !isMissing(item) && !isDeletion(item)).map(told);
  if (!findOmitted) return { compared: all, omitted: [] };
  const { paths, aspects, leftOut } = await findOmitted(missing, differing);
  const compared = all.flatMap((item): Compared[] => {
    if (isMissing(item)) return paths.has(bytesOf(item)) ? [] : [item];
    const lacking = isDeletion(item) ? undefined : aspects?.get(bytesOf(item));
    if (!lacking) return [item];
    const what = item.what.filter((each) => !lacking.has(each));
    return what.length === 0 ? [] : [{ ...item, what }];
  });
  return { compared, omitted: leftOut };
}

/** What is mounted in the source is not the volume's, and hides the folder that is. */
async function dropMounted(
  host: Runner,
  sourcePath: string,
  items: readonly SizedItem[],
): Promise<readonly SizedItem[]> {
  const mounted = items.length > 0 ? [...(await mountsInside(host, sourcePath))] : [];
  return items.filter((item) => {
    const path = bytesOf(item);
    return !mounted.some((point) => isInside(path, point));
  });
}

/** One difference for each path, with all that differs there. */
function joinByPath(differences: readonly Difference[]): Difference[] {
  const joined = new Map<string, Difference>();
  for (const { path, what, changedSince } of differences) {
    const before = joined.get(path);
    joined.set(
      path,
      before ? { ...before, what: [...new Set([...before.what, ...what])] } : { path, what, changedSince },
    );
  }
  return [...joined.values()];
}

/** Regular files whose content goes over. */
const carriesContent = (item: SizedItem) => !isDeletion(item) && /^<f/.test(item.code);

function summarize(items: readonly SizedItem[], all: readonly Difference[]): Comparison {
  const unexplained = all.filter(({ changedSince }) => !changedSince);
  const explained = all.filter(({ changedSince }) => changedSince);
  return {
    differences: [...unexplained, ...explained].slice(0, TOLD_DIFFERENCES),
    total: all.length,
    unexplained: unexplained.length,
    extra: items.filter(isDeletion).length,
    bytes: items.filter(carriesContent).reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
  };
}
