/** The same random histories between two hosts on which nothing is installed: all that is known of them comes over SSH. */
import { join } from 'node:path';
import { TestSshd } from '../support/hosts/ssh-host';
import { TestSystem } from '../support/system/system';
import { tell } from '../support/tell';
import { HOSTS } from './crash/hosts';
import { History } from './referee/history';
import { HISTORIES, LONGEST_MS, MEANT_ARENAS, ROUNDS, SEED } from './referee/settings';

let sshds: TestSshd[];
let system: TestSystem;
beforeAll(async () => {
  tell(`referee over SSH: TIDEMARK_CHAOS_SEED=${SEED}`);
  sshds = await Promise.all(HOSTS.map(() => TestSshd.start()));
  const agents = HOSTS.map((host, index) => {
    const sshd = sshds[index];
    return [host, { options: sshd?.agentOptions(join(sshd.folder, 'state')) ?? [] }] as const;
  });
  system = await TestSystem.start({ agents: Object.fromEntries(agents) });
});
afterAll(async () => {
  await system.stop();
  for (const sshd of sshds) await sshd.stop();
});

for (const [name, arena, firstSeed] of MEANT_ARENAS.filter(([, { overSsh }]) => overSsh)) {
  it(
    `on ${name}, every point, replica and restore is what was frozen, over SSH too`,
    async () => {
      const some = { firstSeed, histories: HISTORIES, rounds: ROUNDS };
      expect(await History.playAll(system, arena, some)).toEqual([]);
    },
    LONGEST_MS,
  );
}
