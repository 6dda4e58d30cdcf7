/** What is wrong with a document, before anybody knows in which line. */

/** Where in a document: keys and list positions from its root. */
export type SpecPath = readonly (string | number)[];

export interface SpecIssue {
  path: SpecPath;
  message: string;
  /** What was probably meant. */
  suggestion?: string;
  /** What to point at: the key itself, its value, or where a key or a value is missing. */
  about: 'key' | 'value' | 'missing';
}

export interface SpecChecks {
  problems: SpecIssue[];
  /** Accepted, and probably not meant. */
  warnings: SpecIssue[];
}

/** What is wrong with a value, by its place. */
export function makeProblem(path: SpecPath, message: string, suggestion?: string): SpecIssue {
  return { path, message, about: 'value', ...(suggestion !== undefined && { suggestion }) };
}

/** A path as people read it: `spec.targets[1].host`. */
export function formatPath(path: SpecPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text ? `.${part}` : part;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** An issue in one line: `spec.trigger.schedul: unknown key; did you mean "schedule"?`. */
export function formatIssue(issue: { path: string; message: string; suggestion?: string }): string {
  const where = issue.path ? `${issue.path}: ` : '';
  return `${where}${issue.message}${issue.suggestion === undefined ? '' : `; did you mean "${issue.suggestion}"?`}`;
}
