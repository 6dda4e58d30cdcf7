/** Schedules that can't be meant, and promises that they can't keep. */
import { checkCron, checkTimezone, tickGaps } from './cron';
import type { TickGaps } from './cron';
import type { DraftEndpoint, DraftSpec } from './draft-spec';
import { makeProblem } from './issues';
import type { SpecChecks, SpecIssue, SpecPath } from './issues';
import { durationToMs, formatDuration, isDuration } from './units';

/** One schedule, and the jitter that only makes sense beside it. `whose`: of which target, in words. */
function checkSchedule(schedule: string, path: SpecPath, jitter: string | undefined, whose = ''): SpecChecks {
  const badCron = checkCron(schedule);
  if (badCron) return { problems: [makeProblem(path, badCron.message, badCron.suggestion)], warnings: [] };
  const problems: SpecIssue[] = [];
  const warnings: SpecIssue[] = [];
  const [, , dayOfMonth, , dayOfWeek] = schedule.trim().split(/\s+/);
  if (dayOfMonth !== '*' && dayOfWeek !== '*') {
    warnings.push(
      makeProblem(path, 'runs only on days that match both the day of month and the day of week'),
    );
  }
  const gaps = tickGaps(schedule);
  if (gaps && jitter !== undefined && isDuration(jitter) && durationToMs(jitter) >= gaps.shortestMs) {
    const gap = formatDuration(gaps.shortestMs);
    problems.push(
      makeProblem(['spec', 'trigger', 'jitter'], `must be shorter than the ${gap} between two ticks${whose}`),
    );
  }
  return { problems, warnings };
}

/** The time zone, the relationship's schedule, and those that targets have of their own. */
function checkTrigger({ trigger, targets, through }: DraftSpec): SpecChecks {
  const { schedule, timezone, jitter } = trigger;
  const badZone = timezone === undefined ? undefined : checkTimezone(timezone);
  const own = targets.flatMap((target, index) => {
    const path = ['spec', 'targets', index, 'schedule'];
    return target.schedule === undefined
      ? []
      : [checkSchedule(target.schedule, path, jitter, ` of targets[${index}]`)];
  });
  const path = ['spec', 'trigger', 'schedule'];
  const common = schedule === undefined ? [] : [checkSchedule(schedule, path, jitter)];
  const warnings: SpecIssue[] = [];
  // A bucket in between goes by it, whatever the targets go by.
  const goByIt = through !== undefined || own.length < targets.length;
  if (schedule !== undefined && targets.length > 0 && !goByIt) {
    warnings.push(makeProblem(path, 'has no effect: every target has a schedule of its own'));
  }
  if (jitter !== undefined && schedule === undefined && own.length === 0) {
    warnings.push(makeProblem(['spec', 'trigger', 'jitter'], 'has no effect without a schedule'));
  }
  return {
    problems: [
      ...(badZone ? [makeProblem(['spec', 'trigger', 'timezone'], badZone.message, badZone.suggestion)] : []),
      ...[...common, ...own].flatMap((each) => each.problems),
    ],
    warnings: [...warnings, ...[...common, ...own].flatMap((each) => each.warnings)],
  };
}

/** The gaps between two syncs of a target, where it has a schedule that is right. */
function gapsOf(target: DraftEndpoint, { trigger }: DraftSpec): TickGaps | undefined {
  const schedule = target.schedule ?? trigger.schedule;
  return schedule === undefined || checkCron(schedule) ? undefined : tickGaps(schedule);
}

/** A promise that the schedule can't keep: the same one, and for the same reason, is told of once. */
function warnAboutRpo(spec: DraftSpec): SpecIssue[] {
  const told = spec.targets.flatMap((target, index) => {
    const rpo = target.rpo ?? spec.objectives.rpo;
    const gaps = gapsOf(target, spec);
    if (!gaps || rpo === undefined || !isDuration(rpo) || durationToMs(rpo) > gaps.longestMs) return [];
    const path = target.rpo === undefined ? ['spec', 'objectives', 'rpo'] : ['spec', 'targets', index, 'rpo'];
    const whose = target.schedule === undefined || target.rpo !== undefined ? '' : ` of targets[${index}]`;
    const gap = formatDuration(gaps.longestMs);
    return [makeProblem(path, `can't be kept: two ticks${whose} are up to ${gap} apart`)];
  });
  return [...new Map(told.map((issue) => [JSON.stringify(issue), issue])).values()];
}

/** What a target needs of the source's old states would be given up before its turn comes. */
function warnAboutPinLimit(spec: DraftSpec): SpecIssue[] {
  const age = spec.source.pinLimit?.age;
  if (age === undefined || !isDuration(age)) return [];
  return spec.targets.flatMap((target, index) => {
    const gaps = gapsOf(target, spec);
    if (!gaps || durationToMs(age) > gaps.longestMs) return [];
    const gap = formatDuration(gaps.longestMs);
    const path = ['spec', 'source', 'pinLimit', 'age'];
    return [
      makeProblem(path, `gives targets[${index}] up between any two syncs, which are up to ${gap} apart`),
    ];
  });
}

/** When syncs start, and what that means for what a document promises and keeps. */
export function checkSchedules(spec: DraftSpec): SpecChecks {
  const { problems, warnings } = checkTrigger(spec);
  return { problems, warnings: [...warnings, ...warnAboutRpo(spec), ...warnAboutPinLimit(spec)] };
}
