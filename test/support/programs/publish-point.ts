/** Publishes one recovery point, in a process that a test can kill. Says `begin` and `end`. */
import { makeLocalHost } from '../../../src/hosts/local';
import { directoryDriver } from '../../../src/volumes/directory';

type Publish = Parameters<typeof directoryDriver.publish>;
const [home, volume, request] = JSON.parse(process.argv[2] ?? '') as [string, Publish[1], Publish[2]];

process.stdout.write('begin\n');
void directoryDriver
  .publish(makeLocalHost({ name: 'alpha', home }), volume, request)
  .then(() => process.stdout.write('end\n'));
