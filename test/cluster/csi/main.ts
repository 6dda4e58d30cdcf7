/**
 * A CSI driver for tests, with what is deployed beside one: `main.ts --driver NAME --node NODE --pool FOLDER
 * --faults FILE [--kubeconfig FILE]`. With a kubeconfig it is the one of the cluster that makes volumes; without, it
 * serves its node alone.
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { Controller } from './controller';
import type * as Controllers from './controllers';
import { log } from './log';
import { NodeService } from './node-service';
import { Pool } from './pool';
import { serve } from './server';

const KUBELET = '/var/lib/kubelet';

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const options = { driver: text, node: text, pool: text, faults: text, kubeconfig: text };
  const { driver, node, pool: root, faults, kubeconfig } = parseArgs({ options }).values;
  if (!driver || !node || !root || !faults)
    throw new Error('--driver, --node, --pool and --faults are needed');
  const pool = Pool.open(root);
  if (kubeconfig) await pool.recover();
  const controller = kubeconfig ? new Controller(driver, pool, faults) : undefined;
  const service = new NodeService(driver, pool);
  await serve({ driver, nodeId: node, kubeletFolder: KUBELET, node: service, controller });
  if (!kubeconfig || !controller) return;
  // The client library costs 100 MB: a node's own driver does without.
  const { startControllers } = createRequire(__filename)('./controllers') as typeof Controllers;
  startControllers(driver, node, kubeconfig, controller);
}

main().catch((error: unknown) => {
  log(String(error instanceof Error ? error.stack : error));
  process.exit(1);
});
