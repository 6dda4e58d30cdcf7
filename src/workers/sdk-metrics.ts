/**
 * The metrics of Temporal's SDK. Its core serves them on a port of its own, and in no other way; it is
 * given a loopback port, and our own `/metrics` appends what it says there.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

const FETCH_TIMEOUT_MS = 2000;

/** `127.0.0.1:PORT` with a port that is free now, for `telemetryOptions.metrics.prometheus.bindAddress`. */
export async function pickSdkMetricsAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
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
