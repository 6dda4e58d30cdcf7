/** Compares a recovery point with the source's copy, by checksum; changes nothing. */
import type { Host } from '../../hosts/contract';
import { readKeyNote } from '../../landings/ssh-client';
import type { Difference } from '../../model/records';
import type { Mover } from '../contract';
import { findChangedSince } from './changed-since';
import { classifyEnding } from './classify';
import { makeDifference, pathOfItem } from './differences';
import { makeClientOptions } from './options';
import { type Item, parseItem } from './output';
import { runRsync } from './run-rsync';

type VerifyRequest = Parameters<Mover['verify']>[1];

const VANISHED = 24;
const REPORT_EVERY_MS = 500;

export async function verify(host: Host, request: VerifyRequest): Promise<Difference[]> {
  const { id, sourcePath, landing, mover, capturedAt, signal, onProgress } = request;
  const items: Item[] = [];
  let reportedAt = -Infinity;
  const report = () => {
    if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = performance.now();
    onProgress({ phase: 'comparing', bytesDone: 0, filesDone: items.length, rateBytesPerSecond: 0 });
  };
  report();
  const options = makeClientOptions(mover, 'verify', {}, landing.user);
  const onLine = (line: string) => {
    const item = parseItem(line);
    if (item) items.push(item);
    report();
  };
  const { exitCode, stderr } = await runRsync(host, { id, sourcePath, landing, options, signal, onLine });
  if (exitCode !== 0 && exitCode !== VANISHED) {
    const targetHost = (await readKeyNote(host, id))?.targetHost;
    const address = `${landing.address}:${landing.port}`;
    throw classifyEnding({
      exitCode,
      stderr,
      host: host.name,
      sourcePath,
      address,
      ...(targetHost && { targetHost }),
    });
  }
  const changed = await findChangedSince(host, {
    root: sourcePath,
    names: items.map(pathOfItem),
    capturedAt,
  });
  return items.map((item, index) => makeDifference(item, changed[index] ?? false));
}
