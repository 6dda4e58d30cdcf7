/** That what is said of metrics is so, and that rules and dashboards are whole; a system is scraped in metrics-and-logs.test.ts. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { labelDefinition } from '../../src/workers/scrape/describe-fleet';
import { FLEET, RELATIONSHIP, SUMS, TARGET } from '../../src/workers/scrape/definitions';
import type { Definition } from '../../src/workers/scrape/exposition';
import { readPages, ROOT } from '../support/markdown';
import { RULES } from '../support/system/prometheus';

const DASHBOARDS = join(ROOT, 'deploy', 'grafana', 'dashboards');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');

interface Alert {
  alert: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}

const rules = parse(readFileSync(RULES, 'utf8')) as {
  groups: { rules: (Partial<Alert> & { expr: string })[] }[];
};
const alerts = rules.groups.flatMap(({ rules: each }) =>
  each.filter((rule) => rule.alert !== undefined),
) as Alert[];

describe('docs/metrics.md', () => {
  /** Name, type and labels of each row. */
  const rows = read('docs', 'metrics.md')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells[1]?.startsWith('`tidemark_'))
    .map(([, name = '', type = '', labels = '']) => `${name.replaceAll('`', '')} ${type} ${labels}`.trim());

  it('has every metric, its type and its labels, and no other', () => {
    const all: Definition[] = [FLEET, RELATIONSHIP, TARGET, SUMS].flatMap((each) => Object.values(each));
    const { name, type } = labelDefinition(['tier']);
    const written = [
      ...all.map((each) => `${each.name} ${each.type} ${each.labels.join(', ')}`.trim()),
      `${name} ${type} relationship, label\\_…`,
      'tidemark_sync_duration_seconds histogram result, le',
      'tidemark_build_info gauge worker, version',
    ];
    expect(rows.toSorted()).toEqual(written.toSorted());
  });
});

describe('the rules', () => {
  it('are ones that promtool takes, and fire when they are to, and not when they are not', () => {
    const folder = join(ROOT, 'deploy', 'prometheus', 'tests');
    const tests = readdirSync(folder).map((name) => join(folder, name));
    for (const args of [
      ['check', 'rules', '--lint-fatal', RULES],
      ['test', 'rules', ...tests],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
      expect({ status, said: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
    }
  });

  it('ask for no metric of being told that there is not', () => {
    const told = read('src', 'workers', 'notify', 'metrics.ts');
    const asked = readFileSync(RULES, 'utf8').match(/\btidemark_not[a-z_]+\b/g) ?? [];
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.filter((name) => !told.includes(`'${name}'`))).toEqual([]);
  });

  it('are each tried by a test', () => {
    const tests = readdirSync(join(ROOT, 'deploy', 'prometheus', 'tests'))
      .map((name) => read('deploy', 'prometheus', 'tests', name))
      .join('\n');
    expect(alerts.map(({ alert }) => alert).filter((name) => !tests.includes(`"${name}"`))).toEqual([]);
  });

  it('say each how bad it is, what it is, and where it stands what to do', () => {
    const page = readPages().find(({ path }) => path === 'docs/alerts.md');
    const text = read('docs', 'alerts.md');
    expect(page?.headings.filter(({ level }) => level === 2).map((heading) => heading.text)).toEqual(
      alerts.map(({ alert }) => alert),
    );
    for (const { alert, labels, annotations } of alerts) {
      expect(annotations.summary).toBeTruthy();
      expect(annotations.description).toBeTruthy();
      expect(annotations.runbook_url).toBe(`file:///opt/tidemark/docs/alerts.md#${alert.toLowerCase()}`);
      expect(text).toContain(`## ${alert}\n\n${labels.severity}. `);
    }
  });
});

describe('the dashboards', () => {
  const provider = parse(read('deploy/grafana/provisioning/dashboards/tidemark.yaml')) as {
    providers: { options: { path: string } }[];
  };

  it('lie where they are looked for', () => {
    expect(provider.providers.map(({ options }) => options.path)).toEqual([
      '/opt/tidemark/deploy/grafana/dashboards',
    ]);
  });

  it.each(readdirSync(DASHBOARDS))(
    '%s: panels of a number and a place of their own, from the chosen Prometheus',
    (file) => {
      const { uid, panels } = JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')) as {
        uid: string;
        panels: {
          id: number;
          datasource: { uid: string };
          gridPos: { x: number; y: number; w: number; h: number };
        }[];
      };
      expect(file).toBe(`${uid}.json`);
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
      expect(new Set(panels.map(({ datasource }) => datasource.uid))).toEqual(new Set(['${datasource}']));
    },
  );
});
