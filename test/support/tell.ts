/** Says something to whoever watches or reads the tests: a seed, a measurement. Jest would put a block around it. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
