/**
 * record-syncs DATA_DIR FIRST: records syncs FIRST, FIRST + 1, … of relationship `wiki` until it is
 * killed, and says the number of each on a line of its own once the catalog has acknowledged it.
 */
import { writeSync } from 'node:fs';
import { openCatalog } from '../../../src/catalog/open';
import { makeOutcome, makePoint, makeSync } from '../model/records';

async function main(dataDir: string, first: number): Promise<void> {
  const catalog = await openCatalog({ dataDir });
  for (let sequence = first; ; sequence++) {
    const points = [sequence - 1, sequence].filter((n) => n > 0).map((n) => makePoint('wiki', n));
    await catalog.recordSync(makeSync('wiki', sequence, { targets: [makeOutcome('beta', points)] }));
    writeSync(1, `${sequence}\n`);
  }
}

const [dataDir = '', first = '1'] = process.argv.slice(2);
void main(dataDir, Number(first)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
