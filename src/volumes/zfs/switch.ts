/** A dataset becomes the primary, or gives that up. */
import { makeSwitch } from '../shared/switch';
import { checkPlace, setReadOnly, storeClaim, withClaims } from './claims';
import { findReadyPlace, type ReadyPlace } from './place';
import { mount, refresh } from './mounting';
import { settle } from './swap';

export const { promote, demote } = makeSwitch<ReadyPlace>({
  change: (host, volume, work) =>
    withClaims(volume, async () => {
      await settle(host, volume);
      return await work(await findReadyPlace(host, volume));
    }),
  check: checkPlace,
  storeClaim,
  whyNoReadOnly: () => undefined,
  makeReadOnly: (place) => setReadOnly(place, 'on'),
  makeWritable: async (place) => {
    // Set, not inherited: what is above may be read-only. Children inherit it.
    await setReadOnly(place, 'off');
    await refresh(place, { must: true });
    await mount(place);
  },
});
