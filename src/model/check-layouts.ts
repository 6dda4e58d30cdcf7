/** What can't be stated of a bucket whose files lie as another tool has them. Pure. */
import type { DraftEndpoint, DraftSpec } from './draft-spec';
import { makeProblem, type SpecIssue, type SpecPath } from './issues';

const ONE_STATE = 'the layout of volsync holds the newest state alone';

const isMeant = ({ bucket, layout }: DraftEndpoint): boolean => bucket !== undefined && layout === 'volsync';

const keepsMoreThanOne = (retain: object): boolean =>
  Object.entries(retain).some(([rule, value]) => value !== 0 && !(rule === 'last' && value === 1));

function checkTarget(target: DraftEndpoint, path: SpecPath): SpecIssue[] {
  const { keys = [], retain, copyMethod } = target;
  return [
    ...(keys.includes('keepReplaced')
      ? [makeProblem([...path, 'keepReplaced'], `keeps nothing: ${ONE_STATE}; leave it out`)]
      : []),
    ...(retain && keepsMoreThanOne(retain)
      ? [makeProblem([...path, 'retain'], `can't be kept: ${ONE_STATE}; leave it out, or say last: 1`)]
      : []),
    ...(copyMethod !== undefined && !['Auto', 'Direct'].includes(copyMethod)
      ? [makeProblem([...path, 'copyMethod'], `can't be: ${ONE_STATE}; leave it out`)]
      : []),
  ];
}

const checkSource = ({ keys = [] }: DraftEndpoint): SpecIssue[] =>
  ['restoreAsOf', 'previous', 'keepReplaced']
    .filter((key) => keys.includes(key))
    .map((key) => makeProblem(['spec', 'source', key], `can't be: ${ONE_STATE}; leave it out`));

/** Every reason against the layouts that a document asks for. */
export function checkLayouts({ source, through, targets }: DraftSpec): SpecIssue[] {
  const asHub = through?.keys?.includes('layout')
    ? [
        makeProblem(
          ['spec', 'through', 'layout'],
          'can not be between a source and its targets: it holds no state that stays while the next is written, and no symlinks, links or attributes; leave it out, and name that bucket among the targets',
        ),
      ]
    : [];
  return [
    ...(isMeant(source) ? checkSource(source) : []),
    ...asHub,
    ...targets.flatMap((target, index) => {
      if (!isMeant(target)) return [];
      const path = ['spec', 'targets', index];
      const isHub = through?.bucket !== undefined && through.bucket === target.bucket;
      return [
        ...checkTarget(target, path),
        ...(isHub ? [makeProblem([...path, 'layout'], 'is another one than that of through')] : []),
      ];
    }),
  ];
}
