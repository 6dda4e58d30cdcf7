/** Who asked for something, and by which front door. */

export const FRONT_DOORS = ['cli', 'http', 'kubernetes', 'schedule', 'temporal', 'itself'] as const;

/** `temporal`: a message that Temporal's own UI or CLI, or a program of somebody's, has sent. */
export type FrontDoor = (typeof FRONT_DOORS)[number];

export interface Actor {
  /** As that door knows them: `alice@desk`, the name of a token, a resource. Null where it can't tell. */
  name: string | null;
  via: FrontDoor;
  /** Why, in their own words. */
  reason?: string;
}

/** The header of a message to Temporal that tells it. Not proof: whoever may send messages may write anything. */
export const ACTOR_HEADER = 'tidemark-actor';

/** Of a message without the header. */
export const SOMEBODY: Actor = { name: null, via: 'temporal' };

/** By the clock, asked for by nobody. */
export const THE_CLOCK: Actor = { name: null, via: 'schedule' };

/** Nobody has asked: a relationship does it by itself. */
export const ITSELF: Actor = { name: null, via: 'itself' };

const MOST_NAME_LENGTH = 200;
const MOST_REASON_LENGTH = 500;

const textIn = (value: unknown, most: number): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, most) : undefined;

/** What a header says: anybody may write anything there. */
export function toActor(value: unknown): Actor {
  if (typeof value !== 'object' || value === null) return SOMEBODY;
  const { name, via, reason } = value as Partial<Record<keyof Actor, unknown>>;
  const door = FRONT_DOORS.find((each) => each === via);
  if (!door) return SOMEBODY;
  const why = textIn(reason, MOST_REASON_LENGTH);
  return {
    name: textIn(name, MOST_NAME_LENGTH) ?? null,
    via: door,
    ...(why !== undefined && { reason: why }),
  };
}

const UNNAMED: Record<FrontDoor, string> = {
  cli: 'somebody at a command line',
  http: 'somebody over HTTP',
  kubernetes: 'a custom resource',
  schedule: 'the schedule',
  temporal: 'somebody through Temporal',
  itself: 'Tidemark itself',
};

const SAID: Record<FrontDoor, string> = {
  cli: '',
  http: ' over HTTP',
  kubernetes: ' in Kubernetes',
  schedule: '',
  temporal: ' through Temporal',
  itself: '',
};

/** For people: `alice@desk`, `ci over HTTP`. */
export function tellActor({ name, via }: Actor): string {
  return name === null ? UNNAMED[via] : `${name}${SAID[via]}`;
}
