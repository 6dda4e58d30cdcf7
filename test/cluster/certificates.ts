import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const DAYS = ['-days', '3650'];
/** First address of the services' range: the API server, as pods see it. */
const SERVICE = '10.96.0.1';

/** One authority, and what it vouches for: files `NAME.crt` and `NAME.key`. */
export class Certificates {
  constructor(private readonly folder: string) {}

  /** @param name `ca`, `admin`, `apiserver`, a node's name; `service-accounts` has a key alone */
  file(name: string, kind: 'crt' | 'key'): string {
    return join(this.folder, `${name}.${kind}`);
  }

  /**
   * Makes what is not there yet: the API server's for its address, an administrator's, and one for each node's
   * kubelet. 0.2 s.
   */
  async ensure(address: string, nodes: readonly string[]): Promise<void> {
    if (existsSync(join(this.folder, 'done'))) return;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await Promise.all([this.makeAuthority(), this.makeServiceAccountKey()]);
    await Promise.all([
      this.issue('admin', '/O=system:masters/CN=admin', 'DNS:admin'),
      this.issue(
        'apiserver',
        '/CN=kube-apiserver',
        [
          ...['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(
            (name) => `DNS:${name}`,
          ),
          ...['127.0.0.1', address, SERVICE].map((each) => `IP:${each}`),
        ].join(','),
      ),
      ...nodes.map((node) => this.issue(node, `/O=system:nodes/CN=system:node:${node}`, `DNS:${node}`)),
    ]);
    await writeFile(join(this.folder, 'done'), '');
  }

  private async makeAuthority(): Promise<void> {
    const files = ['-keyout', this.file('ca', 'key'), '-out', this.file('ca', 'crt')];
    await run(['openssl', 'req', '-x509', ...KEY, ...files, '-subj', '/CN=ca', ...DAYS]);
  }

  private async makeServiceAccountKey(): Promise<void> {
    const file = this.file('service-accounts', 'key');
    await run(['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', file]);
  }

  private async issue(name: string, subject: string, names: string): Promise<void> {
    const by = ['-CA', this.file('ca', 'crt'), '-CAkey', this.file('ca', 'key')];
    const files = ['-keyout', this.file(name, 'key'), '-out', this.file(name, 'crt')];
    const about = ['-subj', subject, '-addext', `subjectAltName=${names}`];
    await run(['openssl', 'req', '-x509', ...by, ...KEY, ...files, ...about, ...DAYS]);
  }

  /** What a client of the API server needs, as a kubeconfig; JSON is YAML. */
  async kubeconfig(name: string, server: string): Promise<string> {
    const [ca, cert, key] = await Promise.all(
      [this.file('ca', 'crt'), this.file(name, 'crt'), this.file(name, 'key')].map((file) =>
        readFile(file, 'base64'),
      ),
    );
    return JSON.stringify(
      {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'cluster', cluster: { server, 'certificate-authority-data': ca } }],
        users: [{ name, user: { 'client-certificate-data': cert, 'client-key-data': key } }],
        contexts: [{ name: 'context', context: { cluster: 'cluster', user: name } }],
        'current-context': 'context',
      },
      undefined,
      2,
    );
  }
}
