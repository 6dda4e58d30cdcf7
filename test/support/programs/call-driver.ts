/** Calls one method of the directory driver, in a process that a test can kill. Says `begin` and `end`. */
import { makeLocalHost } from '../../../src/hosts/local';
import type { Volume } from '../../../src/model/records';
import { directoryDriver as driver } from '../../../src/volumes/directory';

type RequestOf<Method extends 'publish' | 'rollback' | 'clone'> = Parameters<(typeof driver)[Method]>[2];

/** The agent's home, then what to call, and with what. */
export type DriverCall =
  | [home: string, method: 'publish', volume: Volume, request: RequestOf<'publish'>]
  | [home: string, method: 'rollback', volume: Volume, request: RequestOf<'rollback'>]
  | [home: string, method: 'clone', volume: Volume, request: RequestOf<'clone'>];

async function call([home, method, volume, request]: DriverCall): Promise<unknown> {
  const host = makeLocalHost({ name: 'alpha', home });
  switch (method) {
    case 'publish':
      return await driver.publish(host, volume, request);
    case 'rollback':
      return await driver.rollback(host, volume, request);
    case 'clone':
      return await driver.clone(host, volume, request);
  }
}

process.stdout.write('begin\n');
void call(JSON.parse(process.argv[2] ?? '') as DriverCall).then(() => process.stdout.write('end\n'));
