import { volumePath } from '../model/endpoints';
import { describeFailure } from '../model/failure';
import type { Price } from '../model/price';
import { renderPrice } from '../model/saga-details';
import { code } from '../model/markdown';
import type { TargetSpec } from '../model/spec';
import type { Takeover } from '../model/status';
import type { FailoverRequest, FailoverResult } from '../api/messages';
import { Saga } from './saga';
import { StepFailed } from './steps';
import {
  APPROVERS,
  fence,
  findTarget,
  IMPATIENT,
  refuse,
  refuseTarget,
  reinstate,
  weigh,
  toFenced,
} from './switch-steps';
import type { SwitchInput } from './switch-steps';
import { rollback, takeOver } from './take-over';

export interface FailoverInput extends SwitchInput {
  /** `target` is always set: the relationship chooses where nobody did. */
  request: FailoverRequest & { target: string };
}

function checkPrice(price: Price, { request, document }: FailoverInput): void {
  if (price.objections.length === 0 || request.acceptIncomplete) return;
  throw refuse(
    'RefusedByState',
    `${price.objections.join('; ')}. Nothing was changed`,
    `tidemark points ${document.metadata.name} lists what there is; --accept-incomplete accepts what is there, whole or not`,
  );
}

/** Fences the old primary, or records why it could not be. */
async function fencePrimary(
  input: FailoverInput,
  epoch: number,
): Promise<Pick<Takeover, 'fenced' | 'fencing'>> {
  const { source } = input.document.spec;
  try {
    return toFenced(await fence(input, source, input.primaryName, epoch, IMPATIENT));
  } catch (error) {
    if (!(error instanceof StepFailed) || error.failure.type === 'Cancelled') throw error;
    // Dead, or cut off: that is what failovers are for. Its epoch is over all the same.
    return { fenced: false, fencing: describeFailure(error.failure) };
  }
}

async function switchOver(
  saga: Saga,
  input: FailoverInput,
  target: TargetSpec,
  price: Price,
): Promise<FailoverResult> {
  const { document, request } = input;
  const { source } = document.spec;
  const epoch = input.epoch + 1;
  const pointId = request.acceptIncomplete && price.objections.length > 0 ? null : (price.point?.id ?? null);
  await saga.tell({ epoch });
  const fencing = await saga.step({
    phase: 'Fencing',
    text: `${source.host}:${volumePath(source)} is no longer the primary: epoch ${epoch}`,
    host: source.host,
    volume: volumePath(source),
    act: () => fencePrimary(input, epoch),
    undo: () => reinstate(saga, input, epoch + 1),
  });
  if (fencing.fencing !== undefined)
    saga.say(`${fencing.fenced ? 'fenced' : 'not fenced'}: ${fencing.fencing}`);
  await rollback(saga, input, target, epoch, pointId);
  return await saga.finish(async () => {
    const takeover = await takeOver(saga, input, target, epoch, {
      pointId,
      capturedAt: pointId === null ? null : (price.point?.capturedAt ?? null),
      ...fencing,
    });
    return { relationship: document.metadata.name, epoch, price, takeover };
  });
}

/** Makes a target the primary, the present one being lost, or given up. */
export async function failover(input: FailoverInput): Promise<FailoverResult> {
  const { document, request } = input;
  const { name } = document.metadata;
  let price: Price | undefined;
  const saga = new Saga(
    () => [
      `### Failover of ${code(name)} to ${code(request.target)}`,
      ...(price ? [renderPrice(price)] : []),
    ],
    true,
  );
  return await saga.run(async () => {
    const target = findTarget(document, request.target);
    if (!target) throw refuseTarget(document, request.target);
    price = await saga.step({
      phase: 'Weighing',
      text: 'what this would cost',
      host: target.host,
      volume: volumePath(target),
      act: () => weigh(input, target, request.pointId),
    });
    checkPrice(price, input);
    await saga.approvals(APPROVERS[document.spec.approval], `failover of ${name} to ${request.target}`);
    return await switchOver(saga, input, target, price);
  });
}
