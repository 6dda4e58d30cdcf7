import type { Mover } from '../contract';
import { isBlank, lookAtSomething } from './look';

/** `measure` of the mover contract: of a device, nobody knows what of it is in use. */
export const measure: Mover['measure'] = async (_host, { reach: { runner, path } }) => {
  const found = await lookAtSomething(runner, path);
  const disk = found.kind === 'file' ? found.allocatedBytes : found.bytes;
  return { disk, files: found.bytes, empty: await isBlank(runner, found) };
};
