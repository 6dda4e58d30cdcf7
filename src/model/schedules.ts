/** When which target is synced: by its own schedule, or else by the relationship's. Pure. */
import { makeCron, tickGaps } from './cron';
import { targetName } from './endpoints';
import { nextRun } from './next-run';
import type { Instant } from './records';
import type { RelationshipSpec, TargetSpec } from './spec';

type Scheduled = Pick<RelationshipSpec, 'trigger' | 'targets'>;

/** The cron expression by which a target is synced; undefined where that is only on request. */
export function scheduleOf(
  { trigger }: Pick<RelationshipSpec, 'trigger'>,
  target: Pick<TargetSpec, 'schedule'>,
): string | undefined {
  return target.schedule ?? trigger.schedule;
}

/** Every cron expression that a target is synced by, each once: the one Temporal Schedule ticks by all of them. */
export function schedulesOf(spec: Scheduled): string[] {
  const crons = spec.targets.map((target) => scheduleOf(spec, target));
  return [...new Set(crons.filter((cron) => cron !== undefined))];
}

/**
 * Names of the targets that a tick is for, so that targets whose schedules meet share one capture. A tick
 * by no schedule, such as one that somebody triggered by hand, is for all of them.
 * @param tick when the Schedule meant it, without jitter
 */
export function targetsDue(spec: Scheduled, tick: Instant): string[] {
  const { targets, trigger } = spec;
  const at = new Date(tick);
  const due = new Set(schedulesOf(spec).filter((cron) => makeCron(cron, trigger.timezone).match(at)));
  const chosen = targets.filter((target) => due.has(scheduleOf(spec, target) ?? ''));
  return (chosen.length > 0 ? chosen : targets).map(targetName);
}

/** The next tick of any schedule, without jitter; undefined where there is none. */
export function nextTick(spec: Scheduled, afterMs: number): Instant | undefined {
  const ticks = schedulesOf(spec).map((cron) => nextRun(cron, spec.trigger.timezone, afterMs));
  return ticks.filter((tick) => tick !== undefined).sort()[0];
}

/** The longest time between two ticks for a target, in milliseconds; undefined where it has no schedule. */
export function longestGapMs(
  spec: Pick<RelationshipSpec, 'trigger'>,
  target: TargetSpec,
): number | undefined {
  const cron = scheduleOf(spec, target);
  return cron === undefined ? undefined : tickGaps(cron)?.longestMs;
}
