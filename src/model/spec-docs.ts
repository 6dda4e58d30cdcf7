/** The reference of the spec, `docs/spec.md`, made from the same schema that judges documents. */
import { makeJsonSchema } from './json-schema';
import type { JsonSchema } from './json-schema';
import { FULL_EXAMPLE, SHORT_EXAMPLE, STORAGE_EXAMPLES } from './spec-example';

const INTRODUCTION = `# The spec of a relationship

<!-- Made from the schema by \`npm run docs\`; change src/model/spec.ts, not this file. -->

A relationship is one YAML (or JSON) document. A file may hold several, with \`---\` between them;
\`tidemark apply -f FILE\` applies them all, or none where one has a mistake. The least there is:

\`\`\`yaml
${SHORT_EXAMPLE}\`\`\`

[spec.schema.json](spec.schema.json) is the same reference for editors. With the YAML language server,
put this in the first line of a file: \`# yaml-language-server: $schema=<path or address of spec.schema.json>\`.

What is written how:

- **Durations** are numbers with units: \`90s\`, \`15m\`, \`1h30m\`, \`7d\`; the units are \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`, \`w\`.
- **Sizes** are one number with a unit: \`512KiB\`, \`20MiB\`, \`1.5GiB\`; the units are \`B\`, \`KiB\`, \`MiB\`, \`GiB\`, \`TiB\`.
- **Names** have 1 to 63 lower-case letters, digits, dots and dashes, and begin and end with a letter or digit.
- **Schedules** are cron expressions of five fields: minute, hour, day of month, month, day of week. Where both
  kinds of day are given, both must match. Put them in quotes: a bare \`*\` has a meaning of its own in YAML.
- **Directories** are absolute paths. \`/\` and system folders are refused, for a target also anything inside
  them (\`/etc/…\`, \`/usr/…\`); so are a source and a target, or two targets, of which one lies inside the other.
- **Volumes of other relationships** on a host: nothing lies in or around a target, and no target in or around
  a source, whatever symlink or bind mount leads there. A source may be another's source or target (A → B → C), lie
  in or around other sources, and have a filesystem mounted in it that is a target.
- **A volume** is named by one key of its endpoint: \`directory\`, \`zfs\`, \`btrfs\`, \`image\` or \`block\`.
`;

const RETENTION = `A point stays while any rule keeps it. Hours, days, weeks, months and years are those of UTC; which
of two points is newer is told by the number of its sync, so that a clock that jumps confuses nothing.
\`tidemark points NAME --explain\` says why each point is kept.
`;

/** What a person should know beside the keys, by section. */
const NOTES: Record<string, string> = { 'spec.retain': RETENTION };

interface Section {
  titles: string[];
  schema: JsonSchema;
}

/** The mapping that a key holds, itself or in a list; undefined where it holds something plain. */
function mappingIn(schema: JsonSchema): { schema: JsonSchema; suffix: string } | undefined {
  if (schema.properties) return { schema, suffix: '' };
  const items = schema.items as JsonSchema | undefined;
  return items?.properties ? { schema: items, suffix: '[]' } : undefined;
}

/** Every mapping of the schema, in reading order; equal ones, such as the hooks, are one section. */
function listSections(schema: JsonSchema, title: string): Section[] {
  const sections: Section[] = [{ titles: [title], schema }];
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    const mapping = mappingIn(value as JsonSchema);
    if (!mapping) continue;
    const name = `${title ? `${title}.` : ''}${key}${mapping.suffix}`;
    for (const section of listSections(mapping.schema, name)) {
      const same = sections.find((other) => JSON.stringify(other.schema) === JSON.stringify(section.schema));
      if (same) same.titles.push(...section.titles);
      else sections.push(section);
    }
  }
  return sections;
}

function describeList(items: JsonSchema): string {
  return items.properties ? 'list of mappings' : `list of ${describeType(items)}`;
}

function describeType(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.title) return schema.title;
  if (schema.type === 'array') return describeList(schema.items as JsonSchema);
  if (schema.type === 'object') return schema.properties ? 'mapping' : 'mapping of text';
  if (schema.type === 'string') return 'text';
  if (schema.type === 'integer') return 'whole number';
  return schema.type === 'boolean' ? '`true`, `false`' : String(schema.type);
}

function describeDefault(schema: JsonSchema, required: boolean): string {
  if (required) return '**required**';
  const value = schema.default;
  if (value === undefined) return '';
  return typeof value === 'string' ? `\`${value}\`` : `\`${JSON.stringify(value)}\``;
}

function describeMeaning(value: JsonSchema): string {
  const mapping = mappingIn(value);
  return value.description ?? mapping?.schema.description ?? '';
}

function renderRows({ properties = {}, required = [] }: JsonSchema): string[] {
  return Object.entries(properties).map(([key, entry]) => {
    const schema = entry as JsonSchema;
    const cells = [
      `\`${key}\``,
      describeType(schema),
      describeDefault(schema, required.includes(key)),
      describeMeaning(schema),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  });
}

function renderSection({ titles, schema }: Section): string {
  const [title = ''] = titles;
  const notes = titles.map((name) => NOTES[name]).find(Boolean);
  const heading = title ? titles.map((name) => `\`${name}\``).join(', ') : 'The document';
  return [
    `## ${heading}`,
    ...(schema.description ? [schema.description] : []),
    ['| key | what it takes | default | meaning |', '| --- | --- | --- | --- |', ...renderRows(schema)].join(
      '\n',
    ),
    ...(notes ? [notes.trimEnd()] : []),
  ].join('\n\n');
}

/** The text of `docs/spec.md`. */
export function renderSpecDocs(): string {
  const sections = listSections(makeJsonSchema(), '').map(renderSection);
  const example = `## Every key of a directory in one document\n\n\`\`\`yaml\n${FULL_EXAMPLE}\`\`\``;
  const others = `## ZFS, btrfs, container images, block devices\n\n\`\`\`yaml\n${STORAGE_EXAMPLES}\`\`\``;
  return `${[INTRODUCTION.trimEnd(), ...sections, example, others].join('\n\n')}\n`;
}

/** The text of `docs/spec.schema.json`. */
export function renderJsonSchema(): string {
  return `${JSON.stringify(makeJsonSchema(), undefined, 2)}\n`;
}
