/** Metrics as Prometheus reads them, from values that are all known at once: a hundred thousand series in a tenth of a second. */

export interface Definition {
  /** With its unit. */
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  labels: readonly string[];
}

const escapeLabel = (value: string) =>
  /[\\"\n]/.test(value)
    ? value
        .replaceAll('\\', String.raw`\\`)
        .replaceAll('"', String.raw`\"`)
        .replaceAll('\n', String.raw`\n`)
    : value;

/** `{relationship="wiki",target="beta"}`; empty without any. */
export function formatLabels(labels: readonly string[], values: readonly string[]): string {
  let text = '';
  for (const [index, label] of labels.entries())
    text += `${index === 0 ? '{' : ','}${label}="${escapeLabel(values[index] ?? '')}"`;
  return text === '' ? '' : `${text}}`;
}

/** What one scrape says. */
export class Exposition {
  private readonly series = new Map<Definition, string[]>();

  /** @param values of the labels, in the order of the definition */
  add(definition: Definition, values: readonly string[], value: number): void {
    this.addAt(definition, formatLabels(definition.labels, values), value);
  }

  /** @param at what `formatLabels` makes of the labels: made once for all series of one thing */
  addAt(definition: Definition, at: string, value: number): void {
    let lines = this.series.get(definition);
    if (!lines) this.series.set(definition, (lines = []));
    lines.push(`${definition.name}${at} ${value}`);
  }

  /** The series of one metric stand together, under what is said of it. */
  text(): string {
    return [...this.series]
      .map(
        ([{ name, help, type }, lines]) =>
          `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`,
      )
      .join('');
  }
}
