/** A backup is a recovery point or none, at whichever step the agent that makes it is killed, and the next sync goes on. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetLooks } from '../../src/volumes/repository/looks';
import { repositoryAt } from '../../src/volumes/repository/restic';
import { killWriter } from '../support/rigs/kill-writer';
import { PASSWORD, useRepositories } from '../support/rigs/repository-rig';
import { restic } from '../support/stores/restic';
import { describeTree } from '../support/trees/compare-trees';

const stage = useRepositories();

it('loses no point, and keeps none that is not whole', async () => {
  const { rig } = stage;
  await killWriter(rig, {
    steps: 8,
    change: async (sequence) => {
      await writeFile(join(rig.source, 'page'), String(sequence));
      await writeFile(join(rig.source, `big-${sequence % 3}`), randomBytes(2 ** 20));
      return await describeTree(rig.source);
    },
    forget: () => forgetLooks(repositoryAt(rig.host, rig.volume)),
  });
  await restic(rig.volume.path, PASSWORD, 'check', '--read-data');
});
