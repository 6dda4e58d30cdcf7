/** What ssh and rsync say of an account of somebody else's, where no agent of ours could be looked at. Pure. */
import type { ErrorType } from '../../model/errors';
import { type Rule, SSH } from '../shared/ssh-rules';
import { TUNNEL } from './tunnel-rules';

type Words = Pick<Rule, 'message' | 'hint'>;

const OWN_WORDS: Partial<Record<ErrorType, Words>> = {
  HostKeyMismatch: {
    message: ({ address }) => `nobody vouches for what answers at ${address}: its host key is not pinned`,
    hint: 'ask its owner for the fingerprint, and put that key into known_hosts of its credentials',
  },
  AuthRejected: {
    message: ({ address }) => `the account at ${address} does not let the key of its credentials in`,
    hint: 'have its owner add the public half, which this prints: ssh-keygen -yf KEY',
  },
  HostUnreachable: {
    message: ({ address }) => `${address} does not answer`,
    hint: 'it resumes by itself once it answers again',
  },
};

/** The same findings as at a landing, in other words. */
const SSH_THERE: Rule[] = SSH.flatMap((rule) => {
  const words = OWN_WORDS[rule.type];
  return words ? [{ ...rule, ...words }] : [];
});

/** What neither rsync nor ssh says themselves: rrsync does, or a script in its manner, or a shell that greets whoever comes. */
const ITS_OWN_WORDS =
  /^(?!rsync[: ]|rsync error|ssh|Connection |client_loop|packet_|Read from|Timeout|kex_|banner|Warning:|Load key|.*: Permission denied \(|[\d.]+ [\d:]+ LOG\d\[).*\S/;

const NOT_TAKEN: Omit<Rule, 'says'> = {
  exitCodes: [1, 2, 4, 5, 12, 14, 126, 127],
  type: 'AuthRejected',
  message: ({ address }) => `the account at ${address} does not run what rsync asks for`,
  hint: 'show its owner the lines above; what is needed is rsync 3.1 or newer, for that folder',
  at: 'target',
};

export const ACCOUNT: readonly Rule[] = [
  ...TUNNEL,
  ...SSH_THERE,
  {
    says: /rsync: (command )?not found|rsync: No such file or directory/,
    type: 'ToolMissing',
    message: ({ address }) => `rsync is missing at ${address}`,
    hint: 'have its owner install rsync 3.1 or newer',
    at: 'target',
  },
  {
    says: /to a? ?read-only server|-no-del|delet\w* (is|are) not allowed/i,
    type: 'AuthRejected',
    message: ({ address }) => `the account at ${address} may not write, or not delete`,
    hint: 'a copy needs both: have its owner let it, in the folder that is meant',
    at: 'target',
  },
  {
    says: /Another instance of rrsync is already accessing/,
    type: 'VolumeBusy',
    message: ({ address }) => `somebody else works in that folder at ${address} just now`,
    hint: 'its rrsync takes one at a time; it is tried again once that has ended',
    at: 'target',
  },
  { ...NOT_TAKEN, says: /: unknown option$|not supported on this server/ },
  { ...NOT_TAKEN, says: ITS_OWN_WORDS },
  {
    exitCodes: [2],
    type: 'ToolFailed',
    message: ({ address }) => `what answers at ${address} is no rsync that this one can talk to`,
    hint: 'it needs rsync 3.1 or newer, and an account that prints nothing of its own when one logs in',
    at: 'target',
  },
  {
    exitCodes: [3, 11],
    says: /^rsync: .*\[Receiver\] (mkdir|change_dir#?\d*) .*failed: No such file or directory/i,
    type: 'VolumeMissing',
    message: ({ address }) => `the folder at ${address} is not there, nor the one that it would lie in`,
    hint: 'correct the path in the spec, or have its owner make the folder',
    at: 'target',
  },
  {
    says: /^rsync: .*\[(?:Receiver|generator|receiver)\] .*failed: Permission denied \(13\)/,
    type: 'AuthRejected',
    message: ({ address }) => `the account at ${address} may not write there`,
    hint: 'have its owner give it the folder, with all that is in it',
    at: 'target',
  },
];
