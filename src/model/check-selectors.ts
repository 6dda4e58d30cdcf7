/** What the selectors of a document are wrong about. */
import { z } from 'zod';
import type { DraftEndpoint, DraftSpec } from './draft-spec';
import { makeProblem, type SpecIssue, type SpecPath } from './issues';
import { declarationOf, VOLUME_KINDS } from './kinds';
import { LABEL_KEY, WRONG_KEY } from './labels';

const EMPTY =
  'is empty, which would mean every agent that there ever is: name the labels that are meant; matchExpressions: [{key: region, operator: Exists}] takes all that have one';

const ExpressionSchema = z
  .object({
    key: z.string().optional().catch(undefined),
    operator: z.string().optional().catch(undefined),
    values: z.array(z.unknown()).optional().catch(undefined),
  })
  .catch({});

/** As much as can be read, whatever its shape. */
const SelectorSchema = z.object({
  matchLabels: z.record(z.string(), z.unknown()).default({}).catch({ '?': '' }),
  matchExpressions: z.array(ExpressionSchema).default([]).catch([{}]),
});

type Expression = z.output<typeof ExpressionSchema>;

function checkExpression({ key, operator, values }: Expression, path: SpecPath): SpecIssue[] {
  const isList = operator === 'In' || operator === 'NotIn';
  const isBare = operator === 'Exists' || operator === 'DoesNotExist';
  return [
    ...(key !== undefined && key !== '' && !LABEL_KEY.test(key)
      ? [makeProblem([...path, 'key'], WRONG_KEY)]
      : []),
    ...(isList && (values ?? []).length === 0
      ? [makeProblem([...path, 'values'], `must have at least one entry: ${operator} compares with them`)]
      : []),
    ...(isBare && values !== undefined && values.length > 0
      ? [makeProblem([...path, 'values'], `must be left out: ${operator} looks at the key alone`)]
      : []),
  ];
}

function checkSelector(value: unknown, path: SpecPath): SpecIssue[] {
  const { data } = SelectorSchema.safeParse(value);
  // What has the wrong shape, the schema tells.
  if (!data) return [];
  const keys = Object.keys(data.matchLabels);
  if (keys.length === 0 && data.matchExpressions.length === 0) return [makeProblem(path, EMPTY)];
  return [
    ...keys
      .filter((key) => key !== '?' && !LABEL_KEY.test(key))
      .map((key) => makeProblem([...path, 'matchLabels', key], `is no key of a label: it ${WRONG_KEY}`)),
    ...data.matchExpressions.flatMap((expression, index) =>
      checkExpression(expression, [...path, 'matchExpressions', index]),
    ),
  ];
}

/** Of what has no host of its own, none can be chosen. */
function checkPlace(endpoint: DraftEndpoint, path: SpecPath): SpecIssue[] {
  const [kind] = VOLUME_KINDS.filter((each) => endpoint[each] !== undefined);
  if (endpoint.keys?.includes('host'))
    return [makeProblem(path, 'stands in place of host: leave one of them out')];
  return kind !== undefined && declarationOf(kind).isAtSource
    ? [makeProblem(path, `a ${kind} has no host of its own: the source writes to it; leave hostSelector out`)]
    : [];
}

/** Every reason against the selectors of a document. */
export function checkSelectors({ targets }: DraftSpec): SpecIssue[] {
  return targets.flatMap((endpoint, index) => {
    if (!endpoint.keys?.includes('hostSelector')) return [];
    const path = ['spec', 'targets', index, 'hostSelector'];
    return [...checkPlace(endpoint, path), ...checkSelector(endpoint.hostSelector, path)];
  });
}
