/** A door by TLS: a stunnel in the pod that has the claim, with a key that both sides share, and behind it rsync's daemon. */
import { DOOR_PORTS } from '../../../hosts/cluster/door-service';
import type { Host, Runner } from '../../../hosts/contract';
import { runChecked } from '../../../hosts/run-checked';
import { TidemarkError } from '../../../model/errors';
import { attemptAt } from '../door/doors';
import type { DoorRequest, OpenedDoor } from './contract';
import { keepStunnel } from './keep-stunnel';
import { PodDoor } from './pod-door';
import { ADMIT, HERE, makeDaemonConfig, makeDoorConfig, SERVE, SERVED, UNMUNGE } from './tls-scripts';

/**
 * Whoever pushes is told too what could not be done (23), and judges that: the folder that a volume begins with, which a mover
 * that is no root may not touch, makes no push less whole.
 */
const CODES = '0 23 24';

async function findKey(host: Host, { runner, credentials, namespace }: DoorRequest): Promise<string> {
  if (host.credentials) return await host.credentials.findSharedKey(credentials, { runner, namespace });
  throw new TidemarkError('AuthRejected', `credentials ${credentials}: this agent has none`, {
    ...{ host: host.name, hint: 'start it with --kubernetes, or with --credentials DIR' },
  });
}

async function writeAll({ files }: Runner, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(texts)) await files.write(path, text, 0o600);
}

/** Opens it: whoever comes pushes, one after the other, until all that they brought is whole. @throws TidemarkError */
export async function openTlsDoor(host: Host, request: DoorRequest): Promise<OpenedDoor> {
  const { runner, volume } = request;
  const folder = `${runner.scratch}/door`;
  const attempt = attemptAt(folder);
  // Of a sync before.
  await runner.endAttempts(attempt);
  await runner.files.remove(folder);
  const key = await findKey(host, request);
  const mend = async () => {
    const argv = ['sh', '-c', UNMUNGE, 'tidemark', folder, volume];
    await runChecked(runner, argv, { attempt, endsWithAgent: true });
  };
  const door = new PodDoor({ runner, folder, volume, signal: 'volsync', codes: CODES, mend });
  await door.prepare();
  await runner.files.mkdir(`${folder}/control`, 0o700);
  const { stdout } = await runChecked(runner, ['id', '-u']);
  const isRoot = stdout.toString().trim() === '0';
  const at = {
    address: request.address ?? '0.0.0.0',
    port: request.port ?? DOOR_PORTS['rsync+tls'].targetPort,
  };
  await writeAll(runner, {
    [`${folder}/serve.sh`]: SERVE,
    [`${folder}/admit.sh`]: ADMIT,
    [`${folder}/here.sh`]: HERE,
    [`${folder}/rsyncd.conf`]: makeDaemonConfig({ folder, volume, isRoot }),
    [`${folder}/stunnel.conf`]: makeDoorConfig({ folder, key, ...at }),
  });
  const stop = await keepStunnel(runner, `${folder}/stunnel.conf`, attempt);
  return {
    async awaitWhole(...args) {
      const whole = await door.awaitWhole(...args);
      // Whoever has pushed is to see their word arrive, before the door is closed.
      await runner.run(['sh', '-c', SERVED, 'tidemark', folder]).catch(() => undefined);
      return whole;
    },
    countBytes: () => door.countBytes(),
    async close() {
      await stop();
      await runner.endAttempts(attempt);
    },
  };
}
