/** What makes no sense of a source to which somebody else pushes, and that leads into a claim. */
import { parseClaimDoor, parseDoor } from './doors';
import type { DraftEndpoint, DraftSpec } from './draft-spec';
import { makeProblem } from './issues';
import type { SpecIssue } from './issues';
import { MOVER_KINDS } from './movers';

const SOURCE = ['spec', 'source'];
const TARGETS = ['spec', 'targets'];

/** What only the Service of such a door has. */
const OF_SERVICES = ['serviceType', 'serviceAnnotations'];

const says = ({ keys = [] }: DraftEndpoint, key: string) => keys.includes(key);

/** A folder of a machine is no way into a claim of the same host, which is a cluster; and options that are for such ways. */
function checkOthers({ source, targets, mover }: DraftSpec): SpecIssue[] {
  const isDoor = source.peer !== undefined && parseDoor(source.peer) !== undefined;
  const isInCluster = targets.some(({ pvc, host }) => pvc !== undefined && host === source.host);
  return [
    ...(isDoor && isInCluster
      ? [
          makeProblem(
            [...SOURCE, 'peer'],
            'must be the name of a Service and its port, where a claim of the same cluster is the target: ssh://shop-door:22',
          ),
        ]
      : []),
    ...[source, ...targets].flatMap((endpoint, index) =>
      OF_SERVICES.filter((key) => endpoint.peer !== undefined && says(endpoint, key)).map((key) =>
        makeProblem(
          [...(index === 0 ? SOURCE : [...TARGETS, index - 1]), key],
          'is for the Service of a door into a claim',
        ),
      ),
    ),
    ...(mover.push === undefined
      ? []
      : [makeProblem(['spec', 'mover', 'push'], 'is for a source that is a door into a claim alone')]),
  ];
}

/** What is pushed lands in one claim of the same cluster, and nowhere else. */
function checkTarget({ source, targets, through }: DraftSpec): SpecIssue[] {
  const [target, ...others] = targets;
  const alone = 'has no place beside a door into a claim: copy the claim by a relationship of its own';
  return [
    ...(through ? [makeProblem(['spec', 'through'], alone)] : []),
    ...others.map((_, index) => makeProblem([...TARGETS, index + 1], alone)),
    ...(target && target.pvc === undefined
      ? [makeProblem([...TARGETS, 0], 'must be the claim into which is pushed: pvc: NAMESPACE/NAME')]
      : []),
    ...(target && says(target, 'hostSelector')
      ? [
          makeProblem(
            [...TARGETS, 0, 'hostSelector'],
            'names several hosts: what is pushed lands in one claim',
          ),
        ]
      : []),
    ...(target?.pvc !== undefined && target.host !== undefined && target.host !== source.host
      ? [
          makeProblem(
            [...TARGETS, 0, 'host'],
            `must be ${source.host ?? 'the host of the source'}: what is pushed lands in a claim of the same cluster`,
          ),
        ]
      : []),
  ];
}

function checkSource({ source, mover, hooks }: DraftSpec): SpecIssue[] {
  const own = (key: string, message: string) => makeProblem([...SOURCE, key], message);
  const movers = MOVER_KINDS.filter((kind) => kind !== 'push' && mover[kind] !== undefined);
  return [
    ...(says(source, 'credentials')
      ? []
      : [
          own(
            'credentials',
            'is missing: the Secret with the key of whoever pushes, and with what the door shows itself by',
          ),
        ]),
    ...(source.copyMethod === undefined || source.copyMethod === 'Direct'
      ? []
      : [own('copyMethod', 'is for the target here, where what was pushed is frozen')]),
    ...movers.map((kind) =>
      makeProblem(['spec', 'mover', kind], 'carries nothing here: somebody else pushes files into the claim'),
    ),
    ...(['beforeCapture', 'afterCapture'] as const)
      .filter((when) => (hooks[when] ?? []).length > 0)
      .map((when) =>
        makeProblem(['spec', 'hooks', when], 'would run before anybody has pushed: use afterPublish'),
      ),
  ];
}

/** Every reason against a door, and the volume that it leads into. */
export function checkDoors(spec: DraftSpec): SpecIssue[] {
  if (spec.source.peer === undefined || !parseClaimDoor(spec.source.peer)) return checkOthers(spec);
  return [...checkTarget(spec), ...checkSource(spec)];
}
