import { ClientError } from './exit-codes';

const LOOK = 'tidemark doctor shows which part does not answer';

/** Gives up waiting for `who` at an instant, in milliseconds since the epoch. @throws ClientError `Unreachable` */
export async function within<T>(who: string, answer: Promise<T>, until: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = `${who} does not answer in time`;
    const tooLate = () => reject(new ClientError('Unreachable', message, { hint: LOOK }));
    timer = setTimeout(tooLate, Math.max(0, until - Date.now()));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    // Nobody is left to hear why it fails later.
    answer.catch(() => undefined);
  }
}
