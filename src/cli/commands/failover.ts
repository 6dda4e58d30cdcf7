import type { Command } from 'commander';
import type { Price } from '../../model/price';
import { AGE, priceLines, SINCE } from '../../model/saga-details';
import type { FailoverRequest, FailoverResult, OperationStarted, PriceRequest } from '../../api/messages';
import { confirm } from '../confirm';
import { ClientError } from '../../client/exit-codes';
import { followPhases } from '../follow-phases';
import { lazy } from '../lazy';
import { addReason, finish, isTable, note, print } from '../output';
import type { OutputOptions } from '../output';
import type { Temporal } from '../../client/temporal-client';
import { comeBackLines, formatTakeover } from '../takeover';
import { colors, formatFields, formatTime } from '../../client/text';
import type { Cell } from '../../client/text';

interface FailoverOptions extends OutputOptions {
  target?: string;
  point?: string;
  yes?: boolean;
  dryRun?: boolean;
  acceptIncomplete?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('failover')
    .argument('<name>', 'the relationship')
    .summary('make a target the primary, the present one being lost')
    .description(
      'Makes a target the primary where the present one is lost, or given up. First says what that would cost: how old the ' +
        'copy is, and what was written since; then asks. What was written since the recovery point stays at the old primary, ' +
        'if that still lives. Where both sides are well, use relocate: it loses nothing.',
    )
    .option(
      '--target <name>',
      'the target that takes over; by default the one with the newest recovery point',
    )
    .option('--point <id>', 'go back to this recovery point; by default the newest')
    .option('--dry-run', 'only say what it would cost')
    .option('-y, --yes', 'do not ask')
    .option('--accept-incomplete', 'accept what is there, even if it is not a whole copy')
    .action((name: string, options: FailoverOptions) => failover(name, options));
  finish(addReason(command), [
    'tidemark failover wiki --dry-run',
    'tidemark failover wiki',
    'tidemark failover wiki --target beta --point 20261121T080210Z-000042 --yes',
  ]);
}

/** What would be lost, each path in a line. */
function exampleLines({ changed }: Price): [string, string][] {
  if (!changed || changed.examples.length === 0) return [];
  const more = changed.entries - changed.examples.length;
  const inside = changed.examples.filter((path) => path !== '.');
  const lines = [
    ...inside,
    ...(inside.length < changed.examples.length ? ['the folder itself'] : []),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
  return lines.map((line, index) => [index === 0 ? 'for example' : '', line]);
}

/** The price as people read it. */
export function formatPrice(price: Price): string {
  const { relationship, host, point, objections } = price;
  const facts = priceLines(price, formatTime).flatMap(([fact, value]): [string, Cell][] => {
    if (fact === SINCE) return [[fact, value], ...exampleLines(price)];
    return [[fact, fact === AGE ? `${value}, captured ${formatTime(point?.capturedAt)}` : value]];
  });
  const refusals = objections.map((text): [string, Cell] => ['NOT WHOLE', { text, paint: colors.red }]);
  return [
    colors.bold(`what a failover of ${relationship} to ${host} costs`),
    formatFields([...facts, ...refusals], '  '),
  ].join('\n');
}

/**
 * What a failover at this price is to be asked for.
 * @throws ClientError `RefusedByState` where there is no whole copy, and nobody has accepted that
 */
export function requestAt(
  price: Price,
  { point, acceptIncomplete = false }: Pick<FailoverOptions, 'point' | 'acceptIncomplete'>,
): FailoverRequest {
  const { objections, relationship, target } = price;
  // A point that was misspelt must not become whatever lies there.
  const isUnknownPoint = point !== undefined && !price.point;
  if (objections.length > 0 && (!acceptIncomplete || isUnknownPoint)) {
    const list = `tidemark points ${relationship} lists what there is`;
    throw new ClientError('RefusedByState', `${objections.join('; ')}. Nothing was changed`, {
      hint: isUnknownPoint ? list : `${list}; --accept-incomplete accepts what is there, whole or not`,
    });
  }
  return {
    target,
    ...(price.epoch !== undefined && { epoch: price.epoch }),
    ...(price.point && { pointId: price.point.id }),
    ...(acceptIncomplete && { acceptIncomplete }),
  };
}

export function formatFailover({ relationship, epoch, takeover }: FailoverResult): string {
  return [
    `${relationship} has failed over to ${takeover.target} (epoch ${epoch})`,
    formatTakeover(takeover),
    ...comeBackLines(relationship, takeover),
  ].join('\n');
}

/** Where it failed, but only after the target had taken over, that is said first. */
async function follow(temporal: Temporal, name: string, workflowId: string): Promise<FailoverResult> {
  try {
    return await followPhases<FailoverResult>(temporal, name, workflowId);
  } catch (error) {
    const { takeover } = await temporal.status(name);
    if (takeover?.workflowId === workflowId) {
      const lines = [formatTakeover(takeover), ...comeBackLines(name, takeover)];
      note([`${name} has failed over all the same, and was not finished:`, ...lines].join('\n'));
    }
    throw error;
  }
}

async function failover(name: string, options: FailoverOptions): Promise<void> {
  const { target, point, output } = options;
  await lazy.temporal().Temporal.use(async (temporal) => {
    const asked: PriceRequest = {
      ...(target !== undefined && { target }),
      ...(point !== undefined && { pointId: point }),
    };
    if (isTable({ output }))
      note('asking what it would cost; a host that is dead takes some seconds to be given up');
    const price = await temporal.update<Price>(name, 'price', asked);
    if (options.dryRun) {
      print({ price }, options, () => formatPrice(price));
      return;
    }
    if (isTable({ output })) note(formatPrice(price));
    const request = requestAt(price, options);
    if (!options.yes)
      await confirm(
        `Make ${price.host}:${price.volume} the primary of ${name}? The present primary must not be used any more.`,
      );
    const { workflowId } = await temporal.update<OperationStarted>(name, 'failover', request);
    const result = await follow(temporal, name, workflowId);
    print(result, options, formatFailover);
  });
}
