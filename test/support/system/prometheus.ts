/** A real Prometheus, with the project's own rules, that scrapes a system under test. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { reservePorts } from '../hosts/ports';
import { ROOT } from '../markdown';
import { eventually, type TestSystem } from './system';

export const RULES = join(ROOT, 'deploy', 'prometheus', 'tidemark.rules.yml');

export interface Rule {
  /** Of an alert or of what is recorded. */
  name: string;
  query: string;
  health: string;
  lastError?: string;
  type: 'alerting' | 'recording';
}

interface Answer<Data> {
  status: 'success' | 'error';
  data: Data;
  error?: string;
}

export class TestPrometheus {
  private readonly startedAtSeconds = Date.now() / 1000;

  private constructor(private readonly address: string) {}

  /** Runs until the system ends. @param jobs addresses to be scraped, each second, by the name of the job */
  static async start(
    system: TestSystem,
    jobs: Record<string, string>,
    token: string,
  ): Promise<TestPrometheus> {
    const [port = 0] = await reservePorts(1);
    const file = join(system.folder, 'prometheus.yml');
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [RULES],
      scrape_configs: Object.entries(jobs).map(([job, address]) => ({
        ...{ job_name: job, authorization: { credentials: token } },
        static_configs: [{ targets: [new URL(address).host] }],
      })),
    };
    await writeFile(file, stringify(config));
    system.define('prometheus', [
      ...['prometheus', `--config.file=${file}`, `--storage.tsdb.path=${join(system.folder, 'prometheus')}`],
      ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    ]);
    system.launch('prometheus');
    const prometheus = new TestPrometheus(`http://127.0.0.1:${port}`);
    await eventually('Prometheus is ready', async () => {
      const { ok } = await fetch(`${prometheus.address}/-/ready`);
      return ok ? true : undefined;
    });
    return prometheus;
  }

  /** How many series an expression has had since it was started. @throws what Prometheus objects to */
  async countSeries(query: string): Promise<number> {
    const span = { start: String(this.startedAtSeconds), end: String(Date.now() / 1000), step: '1' };
    const { result } = await this.ask<{ result: unknown[] }>('query_range', { query, ...span });
    return result.length;
  }

  /** Of every metric that it has seen. */
  async names(): Promise<string[]> {
    return await this.ask<string[]>('label/__name__/values');
  }

  async rules(): Promise<Rule[]> {
    const { groups } = await this.ask<{ groups: { rules: Rule[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  private async ask<Data>(path: string, query: Record<string, string> = {}): Promise<Data> {
    const response = await fetch(`${this.address}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
    const { status, data, error } = (await response.json()) as Answer<Data>;
    if (status === 'error') throw new Error(`${error}: ${Object.values(query).join(' ')}`);
    return data;
  }
}

interface Dashboard {
  title: string;
  templating: { list: { type: string; definition?: string }[] };
  panels: { title: string; targets: { expr: string }[] }[];
}

/** An expression of a dashboard, as Grafana would ask it. */
export interface DashboardQuery {
  panel: string;
  query: string;
}

/** Every expression of a dashboard, variables filled in; of a variable, the metric that it takes its values from. */
export function readDashboard(path: string, variables: Record<string, string>): DashboardQuery[] {
  const { title, templating, panels } = JSON.parse(readFileSync(path, 'utf8')) as Dashboard;
  const fill = (text: string) => text.replaceAll(/\$(\w+)/g, (all, name: string) => variables[name] ?? all);
  const asked = panels.flatMap(({ title: panel, targets }) =>
    targets.map(({ expr }) => ({ panel: `${title}: ${panel}`, query: fill(expr) })),
  );
  const chosen = templating.list.flatMap(({ definition }) => {
    const metric = /^label_values\((\w+), \w+\)$/.exec(definition ?? '')?.[1];
    return metric === undefined ? [] : [{ panel: `${title}: variables`, query: metric }];
  });
  return [...asked, ...chosen];
}
