/** Sends to a store as a sync does, or reads it as a source, in a process that a test can kill. Says `begin` and `end`. */
import { join } from 'node:path';
import { makeCredentials } from '../../../src/hosts/credentials';
import { makeLocalHost } from '../../../src/hosts/local';
import type { Volume } from '../../../src/model/records';
import { makeVolumes } from '../../../src/volumes/registry';
import { StoreRig } from '../rigs/store-rig';

/** The suite's folder, in which there is a folder of credentials, and whose agent it is. */
export type StoreUse = { folder: string; volume: Volume } & (
  { does: 'sync'; name: string; sequence: number } | { does: 'read'; reader: string }
);

async function act(use: StoreUse): Promise<void> {
  const { folder, volume } = use;
  if (use.does === 'sync') {
    const rig = await StoreRig.make(folder, use.name, () => volume);
    await rig.sync(use.sequence);
    return;
  }
  const host = {
    ...makeLocalHost({ name: use.reader, home: join(folder, use.reader) }),
    credentials: makeCredentials(use.reader, join(folder, 'credentials')),
  };
  const request = { relationship: 'reader', syncId: 'reader-1', method: 'Snapshot' as const };
  await makeVolumes(host).driverFor('bucket').capture(host, volume, request);
}

process.stdout.write('begin\n');
void act(JSON.parse(process.argv[2] ?? '') as StoreUse).then(() => process.stdout.write('end\n'));
