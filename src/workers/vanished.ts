import type { Client } from '@temporalio/client';
import { findAllVanished } from '../activities/control/vanished';
import type { Vanished } from '../model/vanished';

/** Who knows which relationships have vanished from Temporal. */
export interface VanishedSource {
  /** Of these relationships; of none where Temporal does not answer, which is said elsewhere. */
  vanished(names: readonly string[]): Promise<ReadonlyMap<string, Vanished>>;
}

export const NONE_VANISHED: VanishedSource = { vanished: () => Promise.resolve(new Map()) };

export function makeVanishedSource(client: Client): VanishedSource {
  return {
    async vanished(names) {
      return await findAllVanished(client, names).catch(() => new Map<string, Vanished>());
    },
  };
}
