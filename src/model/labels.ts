/** Labels of agents, in the form that Kubernetes has for labels of objects. Pure. */

/** What an agent is called by, beside its name: `region=eu`. */
export type Labels = Readonly<Record<string, string>>;

const NAME = '[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?';
export const LABEL_KEY = new RegExp(`^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?${NAME}$`);
export const LABEL_VALUE = new RegExp(`^(${NAME})?$`);
export const WRONG_KEY =
  'must be 1 to 63 letters, digits, dots, dashes or underscores, begin and end with a letter or digit, and may follow a domain and a slash: example.net/region';
export const WRONG_VALUE =
  'must be at most 63 letters, digits, dots, dashes or underscores, and begin and end with a letter or digit';

/** So many are read by people; more would be data. */
export const MOST_LABELS = 64;

/** Labels as a command line has them, and every reason why they can't be taken. */
export function parseLabels(texts: readonly string[]): { labels: Labels; problems: string[] } {
  const labels = new Map<string, string>();
  const problems = texts.flatMap((text) => {
    const at = text.indexOf('=');
    if (at < 0) return [`${quote(text)} is no label: write KEY=VALUE, like region=eu`];
    const [key, value] = [text.slice(0, at), text.slice(at + 1)];
    const wrong = [
      ...(LABEL_KEY.test(key) ? [] : [`the key of ${quote(text)} ${WRONG_KEY}`]),
      ...(LABEL_VALUE.test(value) ? [] : [`the value of ${quote(text)} ${WRONG_VALUE}`]),
    ];
    if (wrong.length > 0) return wrong;
    const before = labels.get(key);
    labels.set(key, before ?? value);
    return before === undefined || before === value
      ? []
      : [`${key} is given twice, as ${quote(before)} and as ${quote(value)}: a host has one value of it`];
  });
  if (labels.size > MOST_LABELS)
    problems.push(`${labels.size} labels are too many: an agent has at most ${MOST_LABELS}`);
  return { labels: Object.fromEntries(labels), problems };
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** `region=eu,tier=edge`; sorted, so that the same labels read alike. */
export function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join(',');
}
