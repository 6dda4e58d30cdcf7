/** The trees that are measured. Made once, of bytes that do not compress. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const SMALL_FILES = 40_000;
export const BIG_FILE_BYTES = 1024 ** 3;

/** 40,000 files of some 10 KB in 400 folders: 384 MB. */
export async function makeSmallFiles(folder: string): Promise<void> {
  const noise = randomBytes(4 * 1024 ** 2);
  for (let directory = 0; directory < 400; directory++) {
    const at = join(folder, `d${directory}`);
    await mkdir(at, { recursive: true });
    await Promise.all(
      Array.from({ length: SMALL_FILES / 400 }, (_, index) => {
        const start = (directory * 7919 + index * 104_729) % (noise.length - 16_384);
        const length = 4096 + ((directory * 31 + index * 17) % 11_000);
        return writeFile(join(at, `f${index}`), noise.subarray(start, start + length));
      }),
    );
  }
}

/** Changes ten of them. */
export async function changeTenFiles(folder: string): Promise<void> {
  for (let index = 0; index < 10; index++) {
    await writeFile(join(folder, `d${index * 37}`, 'f5'), randomBytes(9000));
  }
}

/** One file of 1 GiB. */
export async function makeBigFile(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = await open(join(folder, 'big'), 'w');
  for (let written = 0; written < BIG_FILE_BYTES; written += 16 * 1024 ** 2)
    await file.write(randomBytes(16 * 1024 ** 2));
  await file.close();
}

/** Changes eight bytes in its middle. */
export async function changeEightBytes(folder: string): Promise<void> {
  const file = await open(join(folder, 'big'), 'r+');
  await file.write(randomBytes(8), 0, 8, BIG_FILE_BYTES / 2 + 12_345);
  await file.close();
}
