/** One line in the driver's log. */
export function log(text: string): void {
  console.log(`${new Date().toISOString()} ${text}`);
}
