import { code } from '../model/markdown';
import { bringBack } from './bring-back';
import type { BringBackInput } from './bring-back';
import type { ReverseResult } from '../api/messages';
import { Saga } from './saga';
import { findTarget, refuseTarget } from './switch-steps';

/** After a failover, brings the old primary back as a target, and keeps what it alone had. */
export async function reverse(input: BringBackInput): Promise<ReverseResult> {
  const { document, from } = input;
  const { name } = document.metadata;
  const saga = new Saga(
    () => [`### Replication of ${code(name)} from ${code(document.spec.source.host)} back to ${code(from)}`],
    true,
  );
  return await saga.run(async () => {
    const old = findTarget(document, from);
    if (!old) throw refuseTarget(document, from);
    return { relationship: name, ...(await bringBack(saga, input, old)) };
  });
}
