/** Asks before something that can't be taken back. */
import { createInterface } from 'node:readline/promises';
import { ClientError } from '../client/exit-codes';

/** @throws ClientError where the answer is not yes, or nobody can be asked. */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new ClientError('WrongUse', 'confirmation needed, and there is no terminal to ask on', {
      hint: 'add --yes',
    });
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new ClientError('Cancelled', 'nothing was changed');
  } finally {
    asking.close();
  }
}
