/** Where receivers' secrets are, and that they are told to nobody else. */
import { readFile } from 'node:fs/promises';
import type { SecretSource } from '../../model/notify/config';
import { NotTaken } from './not-taken';

/** Secrets of one delivery: each is read when it is needed, and cut out of whatever is said afterwards. */
export class Secrets {
  private readonly read = new Set<string>();

  /** @throws NotTaken where it is not there: somebody may put it there meanwhile */
  async get(source: SecretSource, what: string): Promise<string> {
    const value =
      source.env === undefined ? await fromFile(source.file ?? '', what) : process.env[source.env];
    if (!value?.trim())
      throw new NotTaken(
        `${what} is empty: ${source.env === undefined ? source.file : `variable ${source.env}`}`,
      );
    this.add(value.trim());
    return value.trim();
  }

  /** Something that may hold a secret, and is not to be repeated either. */
  add(value: string): void {
    if (value.length > 3) this.read.add(value);
  }

  hide(text: string): string {
    return [...this.read]
      .toSorted((one, other) => other.length - one.length)
      .reduce((left, secret) => left.replaceAll(secret, '…'), text);
  }
}

async function fromFile(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new NotTaken(`${what} can not be read: ${(error as Error).message}`);
  }
}
