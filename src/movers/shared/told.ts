/** What the two sides of a transfer tell each other, checked where it is read: it comes from another host. */
import type { ZodType } from 'zod';
import type { Landing } from '../../landings/contract';
import { TidemarkError } from '../../model/errors';
import type { Door, Opened, Told } from '../contract';

/** @throws TidemarkError `InvalidSpec` for what this mover never tells. */
export function readTold<T>(schema: ZodType<T>, told: Told, teller: 'source' | 'target'): T {
  const read = schema.safeParse(told);
  if (read.success) return read.data;
  const where = read.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new TidemarkError('InvalidSpec', `the ${teller} told what this mover never tells: ${where}`, {
    hint: 'both hosts must run a Tidemark of the same version',
  });
}

/** @throws TidemarkError `InvalidSpec` where a mover that goes by SSH is shown another door. */
export function landingOf({ door }: { door: Door }): Landing {
  if (door.how === 'ssh') return door.landing;
  throw new TidemarkError('InvalidSpec', `what was opened is no landing, but ${door.how}`, {
    hint: 'both hosts must run a Tidemark of the same version',
  });
}

/** A landing that was opened, and what the source must know of it. */
export function openedBy(landing: Landing, told: Told = {}): Opened {
  return { door: { how: 'ssh', landing }, told };
}
