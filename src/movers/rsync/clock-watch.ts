/** The wall clock, by which rsync paces itself where its bandwidth is limited. */

const LOOK_EVERY_MS = 1000;
/** What a clock that is only kept right is moved by, with room to spare. */
const TOLERANCE_MS = 5000;

/**
 * Calls `onSetBack` where the wall clock is set back by more than some seconds. Steady time goes on
 * meanwhile, so that a machine that was busy or asleep is not taken for one.
 * @returns a function that ends the watch
 */
export function watchClock(onSetBack: (byMs: number) => void): () => void {
  const ahead = () => Date.now() - performance.now();
  let before = ahead();
  const timer = setInterval(() => {
    const now = ahead();
    if (before - now > TOLERANCE_MS) onSetBack(before - now);
    before = now;
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
