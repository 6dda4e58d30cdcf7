/** The one place where a document is judged, whether it came as text or as data. */
import { checkSpec } from './check-spec';
import { dropExplained, explainIssue } from './explain-issue';
import { asWritten } from './fan-out';
import { formatIssue, formatPath } from './issues';
import type { SpecIssue } from './issues';
import { claimDoorOf, volumeOf } from './endpoints';
import { AT_SOURCE, defaultMover, RelationshipSchema } from './spec';
import { declarationOf } from './kinds';
import type { Relationship, TargetSpec } from './spec';

export interface Examination {
  /** With all defaults filled in; there only where nothing is wrong. */
  relationship?: Relationship;
  problems: SpecIssue[];
  warnings: SpecIssue[];
}

/** A bucket in between is a target too: it has points, and is late or not. */
function withHub({ spec: { through, targets } }: Relationship): TargetSpec[] {
  if (!through || targets.some(({ bucket }) => bucket === through.bucket)) return targets;
  const { name = 'bucket', ...hub } = through;
  return [
    ...targets,
    { host: AT_SOURCE, copyMethod: 'Auto', class: 'hub', mustBeMounted: false, name, ...hub },
  ];
}

/** What has no host of its own has the source's, and is called by its kind. */
function withHosts(document: Relationship): Relationship {
  const { source } = document.spec;
  const targets = withHub(document);
  const place = (target: TargetSpec): TargetSpec => {
    const { kind } = volumeOf(target);
    if (!declarationOf(kind).isAtSource) return target;
    return { ...target, host: source.host, name: target.name ?? kind };
  };
  return { ...document, spec: { ...document.spec, targets: targets.map(place) } };
}

/** The mover that the source's kind has, where the document names none. */
function withMover(document: Relationship): Relationship {
  const { spec } = document;
  if (Object.keys(spec.mover).length > 0) return document;
  const mover = claimDoorOf(spec.source) ? { push: {} } : defaultMover(volumeOf(spec.source).kind);
  return { ...document, spec: { ...spec, mover } };
}

/** Every reason why a parsed document can't be accepted, and what looks unintended. */
export function examineDocument(given: unknown): Examination {
  const document = asWritten(given);
  const parsed = RelationshipSchema.safeParse(document);
  const checks = checkSpec(document);
  const found = parsed.error?.issues.flatMap((issue) => explainIssue(document, issue)) ?? [];
  const problems = dropExplained([...found, ...checks.problems]);
  const relationship = problems.length === 0 && parsed.data ? withMover(withHosts(parsed.data)) : undefined;
  return { ...(relationship && { relationship }), problems, warnings: checks.warnings };
}

/** The same in words, for a document that has no lines. */
export function checkDocument(document: unknown): {
  relationship?: Relationship;
  problems: string[];
  warnings: string[];
} {
  const { problems, warnings, ...rest } = examineDocument(document);
  const describe = (issue: SpecIssue) => formatIssue({ ...issue, path: formatPath(issue.path) });
  return { ...rest, problems: problems.map(describe), warnings: warnings.map(describe) };
}
