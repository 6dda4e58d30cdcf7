/**
 * The metrics of Temporal's SDK. Its core serves them on a port of its own, and in no other way; it is
 * given a loopback port, and our own `/metrics` appends what it says there.
 */
import { findFreePort } from '../hosts/free-port';

const FETCH_TIMEOUT_MS = 2000;

/** How often another port is tried: between being found free and being used, somebody may take it. */
const TRIES = 10;

/**
 * Has `install` serve metrics at a free port of loopback, `127.0.0.1:PORT`: the SDK can't choose one itself and tell.
 * Answers where. @throws what `install` throws, where the port is not what it complains of.
 */
export async function serveSdkMetrics(install: (address: string) => void): Promise<string> {
  for (let tries = 1; ; tries++) {
    const address = `127.0.0.1:${await findFreePort('127.0.0.1')}`;
    try {
      install(address);
      return address;
    } catch (error) {
      if (tries >= TRIES || !/address already in use/i.test(String(error))) throw error;
    }
  }
}

/** What the SDK says there; a comment that says why, where it does not answer. Never throws. */
export async function fetchSdkMetrics(address: string): Promise<string> {
  try {
    const response = await fetch(`http://${address}/metrics`, {
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return await response.text();
  } catch (error) {
    const reason =
      error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : 'unknown';
    return `# Metrics of Temporal's SDK are not there: ${address} does not answer (${reason.replaceAll('\n', ' ')})\n`;
  }
}
