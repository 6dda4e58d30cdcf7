/** What the hooks of a document are wrong about. */
import type { DraftSpec } from './draft-spec';
import { makeProblem, type SpecIssue, type SpecPath } from './issues';
import { declarationOf, VOLUME_KINDS } from './kinds';

type DraftHook = NonNullable<DraftSpec['hooks'][keyof DraftSpec['hooks']]>[number];

const JOB_KINDS = VOLUME_KINDS.filter((kind) => declarationOf(kind).hasJobs);

/** Whether there is a volume that has Jobs: the one that a hook runs at may be any, once the primary has moved. */
const hasJobs = ({ source, targets }: DraftSpec) =>
  [source, ...targets].some((endpoint) => JOB_KINDS.some((kind) => endpoint[kind] !== undefined));

function checkHook({ run, job }: DraftHook, path: SpecPath, spec: DraftSpec): SpecIssue[] {
  if (run === undefined && job === undefined)
    return [
      {
        path: [...path, 'run'],
        message: 'is missing: a hook says what to run, or which job',
        about: 'missing',
      },
    ];
  if (run !== undefined && job !== undefined)
    return [makeProblem([...path, 'job'], 'is a second thing to run beside run: a hook is one')];
  if (job !== undefined && !hasJobs(spec))
    return [
      makeProblem(
        [...path, 'job'],
        `runs beside a volume of kind ${JOB_KINDS.join(', ')}, and there is none here`,
      ),
    ];
  const file = run?.[0];
  if (typeof file !== 'string' || file === '' || /^[^-./][^/]*$/.test(file)) return [];
  const message = `"${file}" must be the plain name of a file in the agent's --allow-hooks folder`;
  return [makeProblem([...path, 'run', 0], message)];
}

export function checkHooks(spec: DraftSpec): SpecIssue[] {
  return Object.entries(spec.hooks).flatMap(([moment, hooks]) =>
    (hooks ?? []).flatMap((hook, index) => checkHook(hook, ['spec', 'hooks', moment, index], spec)),
  );
}
