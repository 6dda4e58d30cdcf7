import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Certificates } from './certificates';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-tls-'));
const files = { certPath: join(folder, 'cert'), keyPath: join(folder, 'key') };
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void jest.useRealTimers());

function issue(name: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const out = ['-subj', `/CN=${name}`, '-keyout', files.keyPath, '-out', files.certPath];
  execFileSync('openssl', ['req', '-x509', ...key, ...out], { stdio: 'ignore' });
}

/** Whom the server says it is to a new connection. */
async function nameAt(port: number): Promise<unknown> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}

test('new connections have the renewed certificate, and a broken one changes nothing', async () => {
  issue('first');
  const warn = jest.fn();
  const certificates = new Certificates(files, { info: jest.fn(), warn });
  const server = createServer(certificates.read());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  certificates.keepFresh(server);
  const { port } = server.address() as AddressInfo;
  expect(await nameAt(port)).toBe('first');
  issue('second');
  jest.advanceTimersByTime(10_000);
  expect(await nameAt(port)).toBe('second');
  writeFileSync(files.keyPath, 'no key');
  jest.advanceTimersByTime(10_000);
  expect(await nameAt(port)).toBe('second');
  expect(warn).toHaveBeenCalledTimes(1);
  server.close();
});

test('files that can not be used are named', () => {
  expect(() => new Certificates({ certPath: '/nowhere/cert', keyPath: '/nowhere/key' }).read()).toThrow(
    'the certificate /nowhere/cert and the key /nowhere/key can not be used',
  );
});
