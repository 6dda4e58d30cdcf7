/** Sizes as Kubernetes writes them. Pure. */

const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^(\d+(?:\.\d+)?|\.\d+)(?:e(\d+)|([mkMGTPE]|[KMGTPE]i))?$/;

/** Bytes of `20Gi`, `1.5T`, `128974848` or `129e6`, rounded up. @throws RangeError where it is none */
export function quantityToBytes(text: string): number {
  const [, number, exponent, suffix = ''] = QUANTITY.exec(text) ?? [];
  if (number === undefined) throw new RangeError(`not a quantity of Kubernetes: ${text} (like 20Gi, 500M)`);
  const factor = exponent === undefined ? (SUFFIXES[suffix] ?? 1) : 10 ** Number(exponent);
  return Math.ceil(Number(number) * factor);
}
