/** A door by SSH: an sshd in the pod that has the claim, with a host key and for a key that last, whichever pod that is. */
import { makeDoorLines, parsePublicKeys } from '../../../landings/door-keys';
import { keepSshd } from '../../../landings/keep-sshd';
import { DOOR_PORTS } from '../../../hosts/cluster/door-service';
import type { Host, Runner } from '../../../hosts/contract';
import { TidemarkError } from '../../../model/errors';
import { attemptAt } from '../door/doors';
import { PodDoor } from './pod-door';
import type { OpenedDoor, DoorRequest } from './contract';

async function writeKeys(
  host: Host,
  runner: Runner,
  { credentials, namespace }: DoorRequest,
  door: { folder: string; command: string[] },
): Promise<string | undefined> {
  const keys = await host.credentials?.findDoorKeys(credentials, { runner, namespace });
  if (!keys)
    throw new TidemarkError('AuthRejected', `credentials ${credentials}: this agent has none`, {
      ...{ host: host.name, hint: 'start it with --kubernetes, or with --credentials DIR' },
    });
  const text = (await runner.files.read(keys.authorizedKeys)) ?? '';
  const allowed = parsePublicKeys(text, `credentials ${credentials}`);
  const lines = makeDoorLines(allowed, attemptAt(door.folder), door.command);
  const path = `${door.folder}/sshd/authorized_keys`;
  await runner.files.mkdir(`${door.folder}/sshd`, 0o700);
  await runner.files.write(path, lines, 0o600);
  return keys.hostKey;
}

/** Opens it: whoever comes waits, until pushes are let in. @throws TidemarkError `AuthRejected` */
export async function openSshDoor(host: Host, request: DoorRequest): Promise<OpenedDoor> {
  const { runner, volume, signal } = request;
  const folder = `${runner.scratch}/door`;
  const attempt = attemptAt(folder);
  // Of a sync before.
  await runner.endAttempts(attempt);
  await runner.files.remove(folder);
  const door = new PodDoor({ runner, folder, volume, ...(signal && { signal }) });
  await door.prepare();
  const hostKey = await writeKeys(host, runner, request, { folder, command: door.command });
  const sshd = await keepSshd(
    { ...runner, home: folder },
    {
      ...{ listenAddress: request.address ?? '0.0.0.0', port: request.port ?? DOOR_PORTS.ssh.targetPort },
      ...(hostKey !== undefined && { hostKey }),
    },
  );
  return {
    awaitWhole: (...args) => door.awaitWhole(...args),
    countBytes: () => door.countBytes(),
    async close() {
      await sshd.stop();
      await runner.endAttempts(attempt);
    },
  };
}
