/** Reads the file that says who is told of what, and finds every mistake in it. */
import { dropExplained, explainIssue } from '../explain-issue';
import { judgeYaml, type SpecProblem } from '../judge-yaml';
import type { SpecChecks } from '../issues';
import { type CheckTemplate, checkNotify } from './check-config';
import { NOTIFY_KEYS, type NotifyConfig, NotifySchema } from './config';

export interface ParsedNotify {
  /** There only where nothing is wrong. */
  config?: NotifyConfig;
  /** Every mistake in the file, in its order. */
  problems: SpecProblem[];
  /** Accepted, and probably not meant. */
  warnings: SpecProblem[];
}

function examine(data: unknown, checkTemplate: CheckTemplate): SpecChecks & { config?: NotifyConfig } {
  const parsed = NotifySchema.safeParse(data);
  const checks = checkNotify(data, checkTemplate);
  const found = parsed.error?.issues.flatMap((issue) => explainIssue(data, issue, NOTIFY_KEYS)) ?? [];
  const problems = dropExplained([...found, ...checks.problems]);
  const { warnings } = checks;
  return { ...(problems.length === 0 && parsed.data && { config: parsed.data }), problems, warnings };
}

/** @param fileName for messages alone */
export function parseNotify(text: string, fileName: string, checkTemplate: CheckTemplate): ParsedNotify {
  const judged = judgeYaml(text, fileName, (data) => examine(data, checkTemplate));
  const { documents, toProblems } = judged;
  const [first, second] = documents;
  const problems = documents.flatMap((each) => each.problems);
  if (!first) problems.push({ offset: 0, path: '', message: 'there is nothing in it' });
  if (second) {
    const [offset = 0] = second.document.range ?? [];
    problems.push({ offset, path: '', message: 'one document is all that it may have' });
  }
  const { config } = first?.examined ?? {};
  return {
    ...(problems.length === 0 && config && { config }),
    problems: toProblems(problems),
    warnings: toProblems(documents.flatMap((each) => each.warnings)),
  };
}
