/** A volume becomes the primary, or gives that up: in which order, for every kind. */
import type { Claim, Volume } from '../../model/records';
import type { Host } from '../../hosts/contract';
import type { VolumeDriver } from '../contract';
import type { CheckOptions } from './guards';
import { noteClaim } from './memory';
import type { StoredClaim } from './state';
import type { Subject } from './tools';

/** What each kind does in its own way. */
interface Kind<Place extends Subject> {
  /** One change of a volume's claims at a time, with the place as it is then. Makes no volume. */
  change<T>(host: Host, volume: Volume, work: (place: Place) => Promise<T>): Promise<T>;
  /** @throws TidemarkError `Fenced`, `NotMounted`, `VolumeMissing` */
  check(place: Place, claim: Claim, options: CheckOptions): Promise<void>;
  /** Keeps a claim with the data, in place of the relationship's former one. */
  storeClaim(place: Place, claim: StoredClaim): Promise<void>;
  /** Undefined where the volume can be made read-only; otherwise why not, and what to do. */
  whyNoReadOnly(place: Place): string | undefined;
  makeReadOnly(place: Place): Promise<void>;
  /** Lets users write again, whatever has kept them from it. Idempotent. */
  makeWritable(place: Place): Promise<void>;
}

/** `promote` and `demote` of the volume contract. */
export function makeSwitch<Place extends Subject>(
  kind: Kind<Place>,
): Pick<VolumeDriver, 'promote' | 'demote'> {
  const change = <T>(host: Host, volume: Volume, wanted: Claim, work: (place: Place) => Promise<T>) =>
    kind.change(host, volume, async (place) => {
      await kind.check(place, wanted, { promotes: wanted.role === 'source' });
      const result = await work(place);
      await noteClaim(place, wanted);
      return result;
    });
  return {
    promote: (host, volume, wanted) =>
      change(host, volume, wanted, async (place) => {
        // The mark goes with the stored claim, so last: cut off before, this is done again.
        await kind.makeWritable(place);
        await kind.storeClaim(place, wanted);
      }),
    demote: (host, volume, wanted) =>
      change(host, volume, wanted, async (place) => {
        const whyNot = kind.whyNoReadOnly(place);
        const canBeReadOnly = whyNot === undefined;
        // The mark comes first: cut off in between, whoever claims the volume still makes it writable.
        await kind.storeClaim(place, { ...wanted, demoted: true, ...(canBeReadOnly && { readOnly: true }) });
        if (!canBeReadOnly) return { readOnly: false, whyNot };
        await kind.makeReadOnly(place);
        return { readOnly: true };
      }),
  };
}
