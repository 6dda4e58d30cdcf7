/** `-o jsonpath`, in the dialect of kubectl. */
import { JSONPath } from 'jsonpath-plus';
import { ClientError } from '../client/exit-codes';

const LITERAL = /^"(?:[^"\\]|\\.)*"$/;

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function find(value: unknown, expression: string): string {
  const path = expression.startsWith('$') ? expression : `$${expression}`;
  try {
    // `safe`: conditions of a path are read by a parser of its own, and never run as scripts.
    const found: unknown = JSONPath({ path, json: value as object, eval: 'safe', wrap: true });
    return (found as unknown[]).map(show).join(' ');
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ClientError('WrongUse', `not a JSONPath: ${expression}: ${said}`, {
      hint: "like -o jsonpath='{.status}', or of a list '{[*].name}'",
    });
  }
}

/** Text with `{…}` in it, each replaced by what it finds, or by what a quoted text says; without any, all of it is a path. */
export function evaluate(value: unknown, template: string): string {
  if (!template.includes('{')) return find(value, template);
  return template.replaceAll(/\{([^}]*)\}/g, (_all, inner: string) => {
    const expression = inner.trim();
    return LITERAL.test(expression) ? (JSON.parse(expression) as string) : find(value, expression);
  });
}
