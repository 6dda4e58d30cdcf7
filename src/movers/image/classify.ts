/** One table from what ssh and the engines' tools say to classified errors. Pure. */
import type { ErrorType } from '../../model/errors';
import { TidemarkError } from '../../model/errors';
import { tailOf } from '../../hosts/run-checked';
import { findEngineRule } from '../../volumes/image/failures';
import { BAD_REQUEST, CUT_OFF } from './landing-script';

/** How a request to a landing ended. */
export interface Ending {
  /** ssh's: the script's own, or 255. */
  exitCode: number;
  stderr: string;
  /** Where the landing is: `192.0.2.7:2222`. */
  address: string;
  targetHost?: string;
  /** The source's host and volume. */
  host: string;
  volume: string;
}

interface Rule {
  says?: RegExp;
  exitCodes?: readonly number[];
  type: ErrorType;
  message: (ending: Ending) => string;
  hint: string;
}

const target = ({ targetHost }: Ending) => (targetHost === undefined ? 'the target' : `host ${targetHost}`);

const SSH: readonly Rule[] = [
  {
    exitCodes: [255],
    says: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key is known for/,
    type: 'HostKeyMismatch',
    message: (ending) => `what answers at ${ending.address} is not the sshd of ${target(ending)}`,
    hint: 'something else listens there, or the connection is intercepted: compare the address with the agent of the target',
  },
  {
    exitCodes: [255],
    says: /Permission denied \(|Too many authentication failures|no such identity|Load key ".*":/,
    type: 'AuthRejected',
    message: (ending) =>
      `the landing at ${ending.address} does not accept the key of this transfer (closed or expired?)`,
    hint: 'run the sync again: it opens a new landing',
  },
  {
    exitCodes: [255],
    says: /^(?!Read from remote host|client_loop).*(Connection refused|Connection timed out|No route to host|Network is unreachable|Could not resolve hostname|Name or service not known|Connection closed by .* port|kex_exchange_identification|banner exchange)/m,
    type: 'HostUnreachable',
    message: (ending) => `${target(ending)} can't be reached at ${ending.address}`,
    hint: "is the target's agent running, and is this address and port open from here?",
  },
  {
    exitCodes: [127],
    says: /(sh|env|xargs): .*(not found|No such file or directory)/,
    type: 'ToolMissing',
    message: (ending) => `a program is missing at ${target(ending)}`,
    hint: 'install it there: the container engine, tar, coreutils and findutils',
  },
  {
    exitCodes: [BAD_REQUEST],
    type: 'InvalidSpec',
    message: (ending) => `${target(ending)} does not know this request`,
    hint: 'both hosts must run a Tidemark of the same version',
  },
];

const CUT: Rule = {
  exitCodes: [255, CUT_OFF, 1, 2, 129, 130, 137, 141, 143],
  says: /^$|Broken pipe|Connection reset|Connection to .* closed|client_loop|Unexpected EOF|timed out|Timeout, server/im,
  type: 'TransferInterrupted',
  message: (ending) => `the transfer to ${target(ending)} was cut off`,
  hint: 'it goes on with the image that it was at, by itself',
};

/** The error for a request that failed. What the engine at the target says comes before what ssh says of its end. */
export function classifyEnding(ending: Ending): TidemarkError {
  const { exitCode, stderr, host, volume, targetHost } = ending;
  const toolMessage = tailOf(stderr);
  const details = { ...(toolMessage && { toolMessage }) };
  const fits = ({ exitCodes, says }: Rule) =>
    (exitCodes?.includes(exitCode) ?? true) && (!says || says.test(stderr));
  const atTarget = { ...details, ...(targetHost && { host: targetHost }) };
  const ssh = SSH.find(fits);
  if (ssh) return new TidemarkError(ssh.type, ssh.message(ending), { ...atTarget, hint: ssh.hint });
  const engine = findEngineRule(stderr);
  if (engine) {
    // A layer that was there when it was asked for: the next attempt asks again.
    const type = engine.type === 'SourceChanged' ? 'TransferInterrupted' : engine.type;
    return new TidemarkError(type, `${target(ending)}: ${engine.message}`, {
      ...atTarget,
      hint: engine.hint,
    });
  }
  if (fits(CUT))
    return new TidemarkError(CUT.type, CUT.message(ending), { ...details, host, volume, hint: CUT.hint });
  const message = `${target(ending)} could not take the image: exit code ${exitCode}`;
  return new TidemarkError('ToolFailed', message, atTarget);
}
