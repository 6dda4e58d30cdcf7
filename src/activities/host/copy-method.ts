import { volumeOf, volumePath } from '../../model/endpoints';
import { declarationOf } from '../../model/kinds';
import { TidemarkError } from '../../model/errors';
import type { CaptureMethod, PointMethod } from '../../model/records';
import type { SourceSpec, TargetSpec } from '../../model/spec';
import type { Inspection } from '../../volumes/contract';

/** The order in which `Auto` takes what the filesystem can do. */
const PREFERRED_POINTS: readonly PointMethod[] = ['Snapshot', 'Clone', 'HardLink'];

/** The order in which a source's `Auto` takes what the filesystem can do; the live directory otherwise. */
const PREFERRED_CAPTURES: readonly CaptureMethod[] = ['Snapshot', 'Clone'];

/** The one way of its kind, or what the spec says; undefined where it is `Auto`. */
export function statedCaptureMethod(source: SourceSpec): CaptureMethod | undefined {
  const { onlyMethod } = declarationOf(volumeOf(source).kind);
  return onlyMethod ?? (source.copyMethod === 'Auto' ? undefined : source.copyMethod);
}

/** How a source is frozen: the one way of its kind, what the spec says, or the best that its filesystem can do. */
export function chooseCaptureMethod(
  source: SourceSpec,
  { capture }: Pick<Inspection, 'capture'>,
): CaptureMethod {
  const found = () => PREFERRED_CAPTURES.find((method) => capture.includes(method)) ?? 'Direct';
  return statedCaptureMethod(source) ?? found();
}

/**
 * How a target freezes its points: what the spec says, or the best that its filesystem can do.
 * @throws TidemarkError `UnsupportedCapture`, naming the alternatives.
 */
export function choosePointMethod(target: Omit<TargetSpec, 'class'>, inspection: Inspection): PointMethod {
  const { onlyMethod, leastMethod = 'HardLink' } = declarationOf(volumeOf(target).kind);
  const { points } = inspection;
  // This very volume may have another one.
  if (onlyMethod) return points.includes(onlyMethod) ? onlyMethod : (points[0] ?? onlyMethod);
  const { copyMethod } = target;
  if (copyMethod === 'Auto')
    return PREFERRED_POINTS.find((method) => inspection.points.includes(method)) ?? leastMethod;
  if (inspection.points.includes(copyMethod)) return copyMethod;
  throw new TidemarkError(
    'UnsupportedCapture',
    inspection.whyNot[copyMethod] ?? `${inspection.filesystem} can't do copyMethod ${copyMethod}`,
    {
      host: target.host,
      volume: volumePath(target),
      hint: `choose one of ${inspection.points.join(', ')}, or leave copyMethod out`,
    },
  );
}
