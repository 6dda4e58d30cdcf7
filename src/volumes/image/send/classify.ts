/** One table from what ssh and the engines' tools say to classified errors. Pure. */
import type { TidemarkError } from '../../../model/errors';
import { ENGINE_RULES } from '../failures';
import { applyRules, type Ending, type Rule, SSH, target } from '../../../movers/shared/ssh-rules';
import { BAD_REQUEST, CUT_OFF } from './landing-script';

/** Before what ssh may say: another mover's table there knows these words too. */
const MISSING: readonly Rule[] = [
  {
    says: /^(sh|env|xargs|tar|tidemark): .*(: not found|No such file or directory)$/,
    exitCodes: [126, 127],
    type: 'ToolMissing',
    message: (ending) => `a program is missing at ${target(ending)}`,
    hint: 'install it there: the container engine, tar, coreutils and findutils',
    at: 'target',
  },
  {
    exitCodes: [BAD_REQUEST],
    type: 'InvalidSpec',
    message: (ending) => `${target(ending)} does not know this request`,
    hint: 'both hosts must run a Tidemark of the same version',
    at: 'target',
  },
];

/** What the engine at the target says comes before what ssh says of its end. */
const ENGINE: readonly Rule[] = ENGINE_RULES.map(({ says, type, message, hint }) => ({
  says,
  // A layer that was there when it was asked for: the next attempt asks again.
  type: type === 'SourceChanged' ? 'TransferInterrupted' : type,
  message: (ending) => `${target(ending)}: ${message}`,
  hint,
  at: 'target' as const,
}));

const CUT: readonly Rule[] = [
  {
    exitCodes: [255, CUT_OFF, 129, 130, 137, 141, 143],
    type: 'TransferInterrupted',
    message: (ending) => `the transfer to ${target(ending)} was cut off`,
    hint: 'it resumes by itself, at the image where it stopped',
    at: 'source',
  },
  {
    says: /Unexpected EOF in archive|Broken pipe|Connection reset/,
    type: 'TransferInterrupted',
    message: (ending) => `the transfer to ${target(ending)} was cut off`,
    hint: 'it resumes by itself, at the image where it stopped',
    at: 'source',
  },
];

/** The error for a request to a landing that failed. The exit code is the script's, or ssh's own 255. */
export function classifyEnding(ending: Ending): TidemarkError {
  return applyRules([...MISSING, ...SSH, ...ENGINE, ...CUT], ending, 'the transfer of an image');
}
