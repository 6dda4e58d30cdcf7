/** The page as a control worker serves it, above a catalog of its own, with relationships that were never run. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperationView } from '../../../src/api/operation-view';
import type { Catalog } from '../../../src/catalog/contract';
import { openCatalog } from '../../../src/catalog/open';
import { ClientError } from '../../../src/client/exit-codes';
import { RelationshipSchema } from '../../../src/model/spec';
import { makePrice } from '../../../src/model/price';
import type { RelationshipStatus } from '../../../src/model/status';
import { FleetView } from '../../../src/workers/fleet/fleet-view';
import { startHttp } from '../../../src/workers/http/app';
import type { Listening } from '../../../src/workers/http/listen';
import type { OperationsSource } from '../../../src/workers/http/operations';
import { reservePorts } from '../hosts/ports';
import { ago, makeFleetStates } from './fleet-states';
import { documentOfOne, eventsOfOne, statusOfOne, syncsOfOne } from './one-relationship';

export const TOKENS = { reader: 'reader-0123456789abcdef', operator: 'operator-0123456789abcdef' };

const TOKENS_FILE = `tokens:
  - { name: rita, token: ${TOKENS.reader}, roles: [read] }
  - { name: otto, token: ${TOKENS.operator}, roles: [read, operate, approve] }
`;

export class PageRig implements OperationsSource {
  /** What relationships were asked for. */
  readonly asked: unknown[][] = [];
  readonly statuses = new Map<string, RelationshipStatus>();
  /** By workflow id; a test changes them as they go on. */
  readonly operations = new Map<string, OperationView>();
  trouble: string | null = null;
  private readonly view: FleetView;
  private listening: Listening | undefined;

  private constructor(
    private readonly folder: string,
    private readonly catalog: Catalog,
    private readonly port: number,
  ) {
    this.view = new FleetView(catalog);
  }

  static async start(relationships: number): Promise<PageRig> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-page-'));
    const catalog = await openCatalog({ dataDir: folder });
    const [port = 0] = await reservePorts(1);
    const rig = new PageRig(folder, catalog, port);
    await writeFile(join(folder, 'tokens.yaml'), TOKENS_FILE, { mode: 0o600 });
    await catalog.recordStates(makeFleetStates(relationships));
    await rig.addOne('wiki');
    await rig.comeUp();
    return rig;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** With all its past. */
  async addOne(name: string): Promise<void> {
    await this.catalog.recordRelationship(RelationshipSchema.parse(documentOfOne(name)));
    for (const sync of syncsOfOne(name, 72).toReversed()) await this.catalog.recordSync(sync);
    await this.tell(statusOfOne(name), eventsOfOne(name));
  }

  /** As a relationship does. */
  async tell(status: RelationshipStatus, events: ReturnType<typeof eventsOfOne> = []): Promise<void> {
    this.statuses.set(status.name, status);
    await this.catalog.recordStates([{ status, at: ago(0), events }]);
  }

  async comeUp(): Promise<void> {
    this.listening = await startHttp({
      catalog: this.catalog,
      temporal: {
        hosts: () =>
          Promise.resolve([
            {
              ...{
                name: 'alpha',
                seen: true,
                lastSeenAt: ago(3000),
                identities: ['4711@alpha'],
                named: true,
                labels: { site: 'ams' },
                toldAt: ago(0),
              },
            },
            {
              ...{
                name: 'beta',
                seen: true,
                lastSeenAt: ago(9000),
                identities: ['812@beta'],
                named: true,
                labels: { site: 'ber' },
                toldAt: ago(0),
              },
            },
            { ...{ name: 'gamma', seen: false, identities: [], named: true, labels: null, toldAt: null } },
          ]),
      },
      metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
      listen: { host: '127.0.0.1', port: this.port },
      tokensPath: join(this.folder, 'tokens.yaml'),
      allowActions: true,
      operations: this,
      fleet: {
        now: async () => ({ states: await this.view.read(), checkedAt: ago(20_000), trouble: this.trouble }),
      },
    });
  }

  /** Nobody answers any more. */
  async goAway(): Promise<void> {
    await this.listening?.close();
    this.listening = undefined;
  }

  async stop(): Promise<void> {
    await this.goAway();
    await this.catalog.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  status(name: string): Promise<RelationshipStatus> {
    const status = this.statuses.get(name);
    return status
      ? Promise.resolve(status)
      : Promise.reject(new ClientError('NotFound', `there is no relationship ${name}`));
  }

  price(name: string, { target = 'beta' }: { target?: string | undefined }) {
    const difference = (path: string) => ({ path, what: ['content'], changedSince: true });
    const price = makePrice({
      ...{
        relationship: name,
        target,
        host: target,
        volume: '/replica/wiki',
        broken: false,
        nowMs: Date.now(),
      },
      points: (syncsOfOne(name, 1)[0]?.targets[0]?.points ?? []).slice(-4),
      comparison: {
        differences: ['pages/start.md', 'pages/2026/plan.md', 'media/tide.jpg'].map(difference),
        ...{ total: 214, unexplained: 0, bytes: 38_200_000 },
      },
    });
    return Promise.resolve({ ...price, epoch: 1 });
  }

  running(relationship?: string): Promise<OperationView[]> {
    const running = [...this.operations.values()].filter(({ state }) => state === 'running');
    return Promise.resolve(running.filter((each) => !relationship || each.relationship === relationship));
  }

  operation(workflowId: string): Promise<OperationView> {
    const view = this.operations.get(workflowId);
    return view
      ? Promise.resolve(view)
      : Promise.reject(new ClientError('NotFound', `there is no ${workflowId}`));
  }

  act(...args: Parameters<OperationsSource['act']>) {
    this.asked.push(args);
    return Promise.resolve({ operation: null, pending: false, answer: null });
  }

  pageOf(workflowId: string): string {
    return `http://127.0.0.1:8233/namespaces/default/workflows/${encodeURIComponent(workflowId)}`;
  }
}
