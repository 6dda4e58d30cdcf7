/** What stunnel says of a daemon behind TLS, and what a door of that kind says: measured with stunnel 5.68. Pure. */
import type { Rule } from '../shared/ssh-rules';

/** The exit codes of rsync where its connection never came about, or broke. */
const NEVER_GREETED = [2, 5, 10, 12];

export const TUNNEL: readonly Rule[] = [
  {
    says: /LOG3\[\w+\]: .*(Connection refused|Connection timed out|No route to host|Network is unreachable|TIMEOUT(connect|busy) exceeded|Error resolving|No more addresses to connect|SSL_connect: (?!.*\balert\b))/,
    exitCodes: NEVER_GREETED,
    type: 'HostUnreachable',
    message: ({ address }) => `${address} does not answer`,
    hint: 'it resumes by itself once it answers again',
    at: 'target',
  },
  {
    says: /LOG3\[\w+\]: SSL_connect: .*\balert\b/,
    exitCodes: NEVER_GREETED,
    type: 'AuthRejected',
    message: ({ address }) => `what answers at ${address} does not have the key of its credentials`,
    hint: 'both ends need the same line in psk.txt: carry the Secret over once more',
    at: 'target',
  },
  {
    says: /stunnel: (command )?not found/,
    type: 'ToolMissing',
    message: () => 'stunnel is missing where the source is read',
    hint: 'install it there: apt-get install stunnel4; in a cluster, bring the image of the movers up to date',
    at: 'source',
  },
  {
    says: /^tidemark: (what was pushed before is being taken|another push is under way)/,
    type: 'VolumeBusy',
    message: ({ address }) => `${address} takes no push just now`,
    hint: 'it is tried again',
    at: 'target',
  },
  {
    says: /^@ERROR: /,
    exitCodes: [5],
    type: 'AuthRejected',
    message: ({ address }) => `the daemon at ${address} does not take this push`,
    hint: 'show its owner the lines above: what is pushed goes into its module data',
    at: 'target',
  },
  {
    says: /^rsync: did not see server greeting/,
    exitCodes: [5],
    type: 'TransferInterrupted',
    message: ({ address }) => `the connection to ${address} broke before anything was said`,
    hint: 'it is tried again; if it goes on, look at what listens there',
    at: 'target',
  },
];
