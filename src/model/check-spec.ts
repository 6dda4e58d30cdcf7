/**
 * What the schema alone can't say of a document: how its parts fit together. Works on any value, so
 * that a document with mistakes of shape is told about these at the same time.
 */
import { checkDoors } from './check-doors';
import { checkEndpoints } from './check-endpoints';
import { checkHooks } from './check-hooks';
import { checkLayouts } from './check-layouts';
import { checkSchedules } from './check-schedules';
import { type DraftSpec, readDraft } from './draft-spec';
import { makeProblem } from './issues';
import type { SpecChecks, SpecIssue } from './issues';

/** Whether rules keep more than the newest point, which is always kept. */
const keepsMore = (retain: object) => Object.values(retain).some((value) => value !== 0);
const KEEPS_NONE = 'targets with copyMethod Direct keep no recovery points';
const KEEPS_NEWEST = 'keeps the newest recovery point alone';

function warnAboutRetain({ retain, targets, through }: DraftSpec): SpecIssue[] {
  const own = targets.flatMap((target, index) => {
    if (!target.retain) return [];
    const path = ['spec', 'targets', index, 'retain'];
    if (target.copyMethod === 'Direct') return [makeProblem(path, `has no effect: ${KEEPS_NONE}`)];
    return keepsMore(target.retain) ? [] : [makeProblem(path, KEEPS_NEWEST)];
  });
  if (!retain) return own;
  const path = ['spec', 'retain'];
  const others = (through ? [...targets, through] : targets).filter((target) => !target.retain);
  if (targets.length > 0 && others.length === 0) {
    return [makeProblem(path, 'has no effect: every target has a retain of its own'), ...own];
  }
  if (others.length > 0 && others.every((target) => target.copyMethod === 'Direct')) {
    return [makeProblem(path, `has no effect: ${KEEPS_NONE}`), ...own];
  }
  return keepsMore(retain) ? own : [makeProblem(path, KEEPS_NEWEST), ...own];
}

/** Every reason of this kind against a document, whatever its shape, and what looks unintended. */
export function checkSpec(document: unknown): SpecChecks {
  const spec = readDraft(document);
  if (!spec) return { problems: [], warnings: [] };
  const schedules = checkSchedules(spec);
  return {
    problems: [
      ...checkEndpoints(spec),
      ...checkDoors(spec),
      ...checkLayouts(spec),
      ...checkHooks(spec),
      ...schedules.problems,
    ],
    warnings: [...schedules.warnings, ...warnAboutRetain(spec)],
  };
}
