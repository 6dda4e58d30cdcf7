import type { ErrorType } from '../../src/model/errors';

/** For `toThrow` and `rejects.toThrow`: an error of this type, whatever it says. */
export function errorOfType(type: ErrorType): Error {
  return expect.objectContaining({ type }) as Error;
}
