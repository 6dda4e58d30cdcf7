/** The commands at either end of a stream. Pure: what a user wrote is an argument of its own, never an option. */
import type { ZfsSpec } from '../../../model/spec';
import type { Features } from '../features';

/** Of one dataset: what is sent, and the base where it has one. */
export interface Part {
  snapshot: string;
  base?: string;
}

/** Runs the same for several datasets, one after the other; the text is fixed. */
const SEND_ALL =
  'while [ $# -gt 0 ]; do if [ -n "$3" ]; then zfs send $1 "$2" "$3" "$4"; else zfs send $1 "$4"; fi || exit; shift 4; done';
const SEND_POINTS = 'for snapshot do zfs send "$snapshot" || exit; done';
const receiveAll = (flags: string) => `for dataset do zfs receive ${flags} "$dataset" || exit; done`;

/** `zfs send` of all parts, into one stream after the other. */
export function makeSend(
  parts: readonly Part[],
  { intermediates, raw }: { intermediates: boolean; raw: boolean },
): string[] {
  const flag = intermediates ? '-I' : '-i';
  const [first] = parts;
  if (parts.length === 1 && first) {
    const { snapshot, base } = first;
    // A bookmark has nothing in between.
    const from = base === undefined ? [] : [base.includes('#') ? '-i' : flag, base];
    return ['zfs', 'send', ...(raw ? ['-w'] : []), ...from, snapshot];
  }
  const quads = parts.flatMap(({ snapshot, base = '' }) => [
    raw ? '-w' : '',
    base.includes('#') ? '-i' : flag,
    base,
    snapshot,
  ]);
  return ['sh', '-c', SEND_ALL, 'sh', ...quads];
}

/** What resumes a stream that was cut off. */
export function makeResumedSend(token: string): string[] {
  return ['zfs', 'send', '-t', token];
}

/** `zfs receive` into these datasets; never forced. */
export function makeReceive(datasets: readonly string[], features: Features): string[] {
  const flags = [...(features.receiveUnmounted ? ['-u'] : []), ...(features.resume ? ['-s'] : [])];
  const [first] = datasets;
  if (datasets.length === 1 && first !== undefined) return ['zfs', 'receive', ...flags, first];
  return ['sh', '-c', receiveAll(flags.join(' ')), 'sh', ...datasets];
}

/** What a landing runs where everything is there already: it tells so, by identity. */
export function makeTell(snapshot: string): string[] {
  return ['zfs', 'get', '-Hp', '-o', 'value', 'guid', snapshot];
}

/** Reads these snapshots to their end. */
export function makeRead(snapshots: readonly string[]): string[] {
  const [first] = snapshots;
  if (snapshots.length === 1 && first !== undefined) return ['zfs', 'send', first];
  return ['sh', '-c', SEND_POINTS, 'sh', ...snapshots];
}

/** Whether blocks go as they lie encrypted on disk. */
export function isRaw({ raw }: ZfsSpec, isEncrypted: boolean): boolean {
  return raw === 'always' || (raw === 'auto' && isEncrypted);
}
