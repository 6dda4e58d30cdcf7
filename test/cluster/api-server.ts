import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificates } from './certificates';

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

interface Answer {
  code: number;
  text: string;
}

const FIELD_MANAGER = 'tidemark-test-cluster';
const BUSY_RETRY_MS = 100;
const REQUEST_TIMEOUT_MS = 30_000;

/** The few requests that a cluster's own start and its tests make, without the weight of a client library. */
export class ApiServer {
  private readonly agent: Agent;

  /** @param url like `https://198.18.1.2:6443` */
  constructor(
    readonly url: string,
    certificates: Certificates,
  ) {
    this.agent = new Agent({
      keepAlive: true,
      ca: readFileSync(certificates.file('ca', 'crt')),
      cert: readFileSync(certificates.file('admin', 'crt')),
      key: readFileSync(certificates.file('admin', 'key')),
    });
  }

  /** A type of objects that was defined just now is "(re)initializing" for a second or two. */
  private async send(method: string, path: string, body?: unknown): Promise<Answer> {
    for (;;) {
      const answer = await this.sendOnce(method, path, body);
      if (answer.code !== 429) return answer;
      await sleep(BUSY_RETRY_MS);
    }
  }

  private sendOnce(method: string, path: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { method, agent: this.agent, timeout: REQUEST_TIMEOUT_MS };
      const sent = request(new URL(path, this.url), options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () => resolve({ code: response.statusCode ?? 0, text }));
      });
      sent.on('error', reject);
      sent.on('timeout', () =>
        sent.destroy(new Error(`${method} ${path}: no answer in ${REQUEST_TIMEOUT_MS} ms`)),
      );
      if (body !== undefined) sent.setHeader('Content-Type', 'application/apply-patch+yaml');
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Whether it says that it is ready; false where nobody answers. */
  async isReady(): Promise<boolean> {
    return await this.send('GET', '/readyz').then(
      ({ code }) => code === 200,
      () => false,
    );
  }

  /** An object or a list; undefined where there is none. @param path like `/api/v1/nodes/node-1` */
  async get<T = KubeObject>(path: string): Promise<T | undefined> {
    const { code, text } = await this.send('GET', path);
    if (code === 404) return undefined;
    if (code !== 200) throw new Error(`GET ${path}: ${code} ${text}`);
    return JSON.parse(text) as T;
  }

  /**
   * Makes an object, or makes it what it is said to be (server-side apply).
   * @param collection like `/apis/storage.k8s.io/v1/storageclasses`
   */
  async apply(collection: string, object: KubeObject): Promise<void> {
    const path = `${collection}/${object.metadata.name}?fieldManager=${FIELD_MANAGER}&force=true`;
    const { code, text } = await this.send('PATCH', path, object);
    if (code !== 200 && code !== 201) throw new Error(`${path}: ${code} ${text}`);
  }

  close(): void {
    this.agent.destroy();
  }
}
