/** Repositories of restic, each with its source and an agent. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addResticToPath, writeCredentials } from '../stores/restic';
import { StoreRig } from './store-rig';

export const PASSWORD = 'correct horse, battery';

/** A folder for the repositories of one suite, with the credentials `good` and `bad`. */
async function makeRepositoryFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  addResticToPath();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-repository-'));
  await chmod(folder, 0o755);
  await writeCredentials(join(folder, 'credentials'), 'good', { RESTIC_PASSWORD: PASSWORD });
  await writeCredentials(join(folder, 'credentials'), 'bad', { RESTIC_PASSWORD: 'a guess' });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

const inRepository = (at: string) => ({
  ...{ kind: 'repository' as const, path: join(at, 'repository'), options: { credentials: 'good' } },
});

/** A folder of one suite's own, and in it a repository of each test's own. To be called once, before the tests. */
export function useRepositories(): { folder: string; rig: StoreRig } {
  const stage = {} as { folder: string; rig: StoreRig };
  let remove: () => Promise<void>;
  let count = 0;
  beforeAll(async () => {
    ({ folder: stage.folder, remove } = await makeRepositoryFolder());
  });
  afterAll(() => remove());
  beforeEach(async () => {
    stage.rig = await StoreRig.make(stage.folder, String(++count), inRepository);
  });
  return stage;
}
