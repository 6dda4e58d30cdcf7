/** What the schema can't see in the file of receivers and routes. Works on whatever was written. Pure. */
import type { SpecChecks, SpecIssue, SpecPath } from '../issues';
import { makeProblem } from '../issues';
import { LABEL_KEY, LABEL_VALUE } from '../labels';
import { suggest } from '../suggest';

type Mapping = Readonly<Record<string, unknown>>;

/** Says what is wrong with a template, undefined where nothing is; `isJson`: it must make JSON. */
export type CheckTemplate = (text: string, isJson: boolean) => string | undefined;

const WAYS = ['webhook', 'email', 'program'] as const;
/** What the sender itself sets. */
const RESERVED = /^(host|content-length|transfer-encoding|connection|idempotency-key|tidemark-signature)$/i;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

const asMapping = (value: unknown): Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {};
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const has = (value: Mapping, key: string) => Object.hasOwn(value, key);
const keyProblem = (path: SpecPath, message: string): SpecIssue => ({ path, message, about: 'key' });

/** Exactly one of some keys stands there. */
function checkOneOf(value: unknown, path: SpecPath, keys: readonly string[]): SpecIssue[] {
  if (Object.keys(asMapping(value)).length === 0 && typeof value !== 'object') return [];
  const given = keys.filter((key) => has(asMapping(value), key));
  if (given.length === 1) return [];
  const names = `${keys.slice(0, -1).join(', ')} or ${keys.at(-1)}`;
  if (given.length === 0) return [keyProblem(path, `must have ${names}`)];
  return [keyProblem([...path, given[1] ?? ''], `${given.join(' and ')} exclude each other: give ${names}`)];
}

const checkSecret = (value: unknown, path: SpecPath): SpecIssue[] =>
  value === undefined ? [] : checkOneOf(value, path, ['env', 'file']);

function checkHeaders(names: readonly string[], path: SpecPath): SpecIssue[] {
  return names.flatMap((name) => {
    if (!HEADER_NAME.test(name)) return [keyProblem([...path, name], 'is no name of a header')];
    return RESERVED.test(name) ? [keyProblem([...path, name], 'is set by Tidemark itself')] : [];
  });
}

function isJsonWanted(webhook: Mapping): boolean {
  const { preset, headers } = webhook;
  if (preset === 'ntfy' || preset === 'healthchecks') return false;
  const type = Object.entries(asMapping(headers)).find(([name]) => name.toLowerCase() === 'content-type');
  return type === undefined || String(type[1]).includes('json');
}

function checkTemplates(way: Mapping, path: SpecPath, check: CheckTemplate, isJson: boolean): SpecIssue[] {
  return ['subject', 'body'].flatMap((key) => {
    const text = way[key];
    const wrong = typeof text === 'string' && text !== '' ? check(text, isJson) : undefined;
    return wrong === undefined ? [] : [makeProblem([...path, key], wrong)];
  });
}

function checkWebhook(webhook: Mapping, path: SpecPath, check: CheckTemplate): SpecIssue[] {
  const { headers, headersFrom, urlFrom, signWith } = webhook;
  const secrets = Object.entries(asMapping(headersFrom));
  return [
    ...checkOneOf(webhook, path, ['url', 'urlFrom']),
    ...checkSecret(urlFrom, [...path, 'urlFrom']),
    ...checkSecret(signWith, [...path, 'signWith']),
    ...checkHeaders(Object.keys(asMapping(headers)), [...path, 'headers']),
    ...checkHeaders(Object.keys(asMapping(headersFrom)), [...path, 'headersFrom']),
    ...secrets.flatMap(([name, value]) => checkSecret(value, [...path, 'headersFrom', name])),
    ...checkTemplates(webhook, path, check, isJsonWanted(webhook)),
  ];
}

function checkEmail(email: Mapping, path: SpecPath, check: CheckTemplate): SpecIssue[] {
  const { tls, passwordFrom, user } = email;
  const isHalf = (user === undefined) !== (passwordFrom === undefined);
  const isOpen = tls === 'none' && passwordFrom !== undefined;
  return [
    ...checkSecret(passwordFrom, [...path, 'passwordFrom']),
    ...(isHalf ? [keyProblem(path, 'user and passwordFrom belong together: give both, or neither')] : []),
    ...(isOpen
      ? [makeProblem([...path, 'tls'], 'a password is never sent without TLS: take starttls or tls')]
      : []),
    ...checkTemplates(email, path, check, false),
  ];
}

function checkProgram({ argv }: Mapping, path: SpecPath): SpecIssue[] {
  const [first] = asList(argv);
  if (typeof first !== 'string' || first.startsWith('/')) return [];
  return [makeProblem([...path, 'argv', 0], 'must be the absolute path of a program')];
}

function checkReceiver(value: unknown, path: SpecPath, check: CheckTemplate): SpecIssue[] {
  if (typeof value !== 'object' || value === null) return [];
  const receiver = asMapping(value);
  const at = (way: string) => ({ way: asMapping(receiver[way]), path: [...path, way] });
  const [webhook, email, program] = [at('webhook'), at('email'), at('program')];
  return [
    ...checkOneOf(receiver, path, WAYS),
    ...(has(receiver, 'webhook') ? checkWebhook(webhook.way, webhook.path, check) : []),
    ...(has(receiver, 'email') ? checkEmail(email.way, email.path, check) : []),
    ...checkProgram(program.way, program.path),
  ];
}

/** As `tidemark get -l` takes them. */
function isSelector(text: string): boolean {
  const [, key = '', operator, value = ''] = /^([^=!]+)(!=|==?)(.*)$/s.exec(text) ?? [];
  return operator === undefined
    ? LABEL_KEY.test(text.replace(/^!/, ''))
    : LABEL_KEY.test(key) && LABEL_VALUE.test(value);
}

function checkRoute(value: unknown, path: SpecPath, names: readonly string[]): SpecIssue[] {
  const { to, labels } = asMapping(value);
  const unknown = asList(to).flatMap((name, index) => {
    if (typeof name !== 'string' || names.includes(name)) return [];
    return [
      makeProblem(
        [...path, 'to', index],
        `there is no receiver ${JSON.stringify(name)}`,
        suggest(name, names),
      ),
    ];
  });
  const wrong = asList(labels).flatMap((text, index) => {
    if (typeof text !== 'string' || text === '' || isSelector(text)) return [];
    return [makeProblem([...path, 'labels', index], 'must be like tier=gold, tier!=gold, tier or !tier')];
  });
  return [...unknown, ...wrong];
}

function findTaken(names: readonly (string | undefined)[]): SpecIssue[] {
  return names.flatMap((name, index) =>
    name === undefined || names.indexOf(name) === index
      ? []
      : [makeProblem(['receivers', index, 'name'], `there is a receiver ${JSON.stringify(name)} already`)],
  );
}

const IN_THE_CLEAR = /^http:\/\/(?!localhost[:/]|127\.|\[::1\])/;

export function checkNotify(data: unknown, checkTemplate: CheckTemplate): SpecChecks {
  const { receivers, routes } = asMapping(data);
  const all = asList(receivers).map(asMapping);
  const names = all.map(({ name }) => (typeof name === 'string' ? name : undefined));
  const known = names.filter((name) => name !== undefined);
  const named = asList(routes).flatMap((route) => asList(asMapping(route).to));
  const warnings = all.flatMap(({ webhook, name }, index): SpecIssue[] => {
    const { url } = asMapping(webhook);
    const isOpen = typeof url === 'string' && IN_THE_CLEAR.test(url);
    const isIdle = typeof name === 'string' && !named.includes(name);
    return [
      ...(isOpen
        ? [makeProblem(['receivers', index, 'webhook', 'url'], 'what is sent there is not encrypted')]
        : []),
      ...(isIdle
        ? [makeProblem(['receivers', index, 'name'], 'no route leads there: it is told nothing')]
        : []),
    ];
  });
  return {
    problems: [
      ...asList(receivers).flatMap((each, index) => checkReceiver(each, ['receivers', index], checkTemplate)),
      ...findTaken(names),
      ...asList(routes).flatMap((each, index) => checkRoute(each, ['routes', index], known)),
    ],
    warnings,
  };
}
