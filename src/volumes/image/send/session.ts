/** Requests to a landing: one connection each. */
import { describeLink } from '../../../movers/shared/link';
import type { Host } from '../../../hosts/contract';
import type { Landing } from '../../../landings/contract';
import { LANDING_ALIAS, prepareSsh, SSH_ARGV } from '../../../landings/ssh-client';
import type { Volume } from '../../../model/records';
import type { TransferId } from '../../../movers/contract';
import { transferAttempt } from '../../../movers/shared/names';
import { classifyEnding } from './classify';

/** A line of tar's about how many records it has written. */
const CHECKPOINT = /^tar: (\d+)$/gm;
const CHECKPOINT_EVERY = 50;
const RECORD_BYTES = 10_240;

export interface Session {
  /** Sends a request with what belongs to it, and answers what the target prints. */
  ask(request: string, input?: string): Promise<string>;
  /** Sends a request and then a folder as tar. @param onBytes how much of it is on its way */
  send(request: string, folder: string, onBytes: (bytes: number) => void): Promise<void>;
}

/** An answer to `list` names each layer of each image. */
const ANSWER_BYTES = 256 * 1024 * 1024;

/** Ends a lost attempt of this transfer before. */
export async function openSession(
  host: Host,
  { id, landing, volume, signal }: { id: TransferId; landing: Landing; volume: Volume; signal: AbortSignal },
): Promise<Session> {
  await host.endAttempts(transferAttempt(host.home, id));
  const cwd = await prepareSsh(host, host, id, landing);
  const link = await describeLink(host, id, landing);
  const ssh = [...SSH_ARGV, LANDING_ALIAS];
  const options = { cwd, signal, attempt: transferAttempt(host.home, id) };
  const fail = (exitCode: number, stderr: string) =>
    classifyEnding({ ...link, exitCode, stderr, sourcePath: volume.path });
  return {
    async ask(request, input = '') {
      const stdin = `${request}\n${input}`;
      const result = await host.run(ssh, { ...options, stdin, maxOutputBytes: ANSWER_BYTES });
      if (result.exitCode !== 0) throw fail(result.exitCode, result.stderr);
      return result.stdout.toString();
    },
    async send(request, folder, onBytes) {
      await host.files.write(`${folder}/request`, `${request}\n`);
      let told = '';
      const onStderr = (chunk: Buffer) => {
        told = (told + chunk.toString()).slice(-200);
        const records = [...told.matchAll(CHECKPOINT)].at(-1)?.[1];
        if (records !== undefined) onBytes(Number(records) * RECORD_BYTES);
      };
      const checkpoints = [`--checkpoint=${CHECKPOINT_EVERY}`, '--checkpoint-action=echo=%u'];
      const tar = ['tar', '-C', folder, ...checkpoints, '-cf', '-', 'blobs'];
      const cat = ['cat', '--', `${folder}/request`, '-'];
      const results = await host.pipe([tar, cat, ssh], { ...options, onStderr });
      const last = results.at(-1);
      if (last && last.exitCode !== 0) throw fail(last.exitCode, last.stderr);
      const broken = results.find(({ exitCode }) => exitCode !== 0);
      if (broken) throw fail(broken.exitCode, broken.stderr.replaceAll(CHECKPOINT, ''));
    },
  };
}
