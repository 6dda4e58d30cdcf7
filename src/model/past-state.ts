/** Which of the states that a store keeps is read. Pure. */

/** What a spec says of it, as the options of its volume. */
export interface PastState {
  /** RFC 3339. */
  restoreAsOf?: string;
  previous?: number;
}

/**
 * The newest state that is not newer than `restoreAsOf`, or so many before it.
 * @param states oldest first
 * @param capturedAt when a state was captured
 * @returns undefined where none fits
 */
export function choosePast<State>(
  states: readonly State[],
  { restoreAsOf, previous = 0 }: PastState,
  capturedAt: (state: State) => string,
): State | undefined {
  const atMs = restoreAsOf === undefined ? Infinity : Date.parse(restoreAsOf);
  const fitting = states.filter((state) => Date.parse(capturedAt(state)) <= atMs);
  return fitting[fitting.length - 1 - previous];
}

/** What was asked for, where nothing fits. */
export function describePast({ restoreAsOf, previous = 0 }: PastState): string {
  const asOf = restoreAsOf === undefined ? '' : ` as of ${restoreAsOf}`;
  return `${previous > 0 ? `${previous} before the newest` : 'the newest'}${asOf}`;
}
