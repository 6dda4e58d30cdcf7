/** What a relationship lives through whose primary is lost, moved and tried: for the stored histories. */
import { volumePath } from '../../src/model/endpoints';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDrillScheduleId } from '../../src/model/names';
import { attempt, awaitEnd, carryOut, start, update } from '../support/system/switching';
import { RARELY, type Recording } from './recording';

/** Failovers that are refused, cancelled, approved and parked; reversed with and without a divergence. */
export async function liveThroughFailovers(shop: Recording): Promise<void> {
  const { system, name } = shop;
  const copy = volumePath(shop.target('beta'));
  await shop.apply(['beta'], { approval: 'one' });
  await shop.idle();
  await shop.write('sold');
  await shop.run('sync', '--wait');
  await attempt(system, name, 'failover', { pointId: 'nowhere' });
  const waiting = await start(system, name, 'failover');
  await shop.until('it waits for an approval', ({ operation }) => operation?.waiting?.for === 'approve');
  await update(system, name, 'price');
  await start(system, name, 'cancel');
  await awaitEnd(system, waiting);
  await shop.until('cancelled', ({ operation }) => !operation);

  const approved = await start(system, name, 'failover');
  await shop.until('it waits again', ({ operation }) => operation?.waiting?.for === 'approve');
  await shop.signal('approve', { by: 'ops' });
  await awaitEnd(system, approved);
  await shop.until('failed over', ({ phase }) => phase === 'FailedOver');
  await shop.write('sold late');
  await writeFile(join(copy, 'file'), 'sold at beta');
  await attempt(system, name, 'reverse');
  await carryOut(system, name, 'reverse', { acceptDiverged: true });

  // Home again, with the old primary's disk gone for a while on the way back.
  await shop.apply(['beta'], { approval: 'none' });
  await carryOut(system, name, 'failover');
  await rename(copy, `${copy}-away`);
  const parked = await start(system, name, 'reverse');
  await shop.until('it is parked', ({ phase }) => phase === 'Parked');
  await rename(`${copy}-away`, copy);
  await shop.signal('resume');
  await awaitEnd(system, parked);
  await shop.run('delete', '--yes');
}

/** Moved there and back, and not moved where the source is gone; drills when asked, and by schedule. */
export async function liveThroughRelocations(maps: Recording): Promise<void> {
  const { system, name, source } = maps;
  await maps.apply(['beta'], RARELY);
  await maps.idle();
  await maps.write('a map');
  await carryOut(system, name, 'relocate');
  await carryOut(system, name, 'relocate');
  await carryOut(system, name, 'drill');
  await rename(source, `${source}-away`);
  await attempt(system, name, 'relocate');
  await rename(`${source}-away`, source);
  await maps.run('drill', '--schedule', '0 4 1 1 *');
  await maps.tick(makeDrillScheduleId(name));
  await maps.run('drill', '--schedule', 'none');
  await rm(join(source, 'file'));
  await attempt(system, name, 'relocate');
  await maps.run('delete', '--yes');
}
