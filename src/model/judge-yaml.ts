/** Judges documents of YAML: the mistakes of YAML itself, and what of the rest is certain beside these. */
import { isScalar, LineCounter, parseAllDocuments, Scalar, visit } from 'yaml';
import type { Alias, Document, YAMLError } from 'yaml';
import { formatPath } from './issues';
import type { SpecChecks, SpecIssue } from './issues';
import { locate, pathOfKeyAt } from './yaml-positions';

/** A mistake in a file. Lines and columns count from 1. */
export interface SpecProblem {
  file: string;
  line: number;
  column: number;
  /** `spec.targets[1].host`; empty where it concerns a whole document or the text itself. */
  path: string;
  message: string;
  suggestion?: string;
}

/** A mistake at an offset of the text. */
export interface Found {
  offset: number;
  path: string;
  message: string;
  suggestion?: string;
}

/** A mistake of YAML itself, and how much around it can't be judged any more. */
interface Slip extends Found {
  spoils: 'line' | 'rest';
}

/** What the mistakes of YAML that people make most mean, by the code that the parser gives them. */
const SYNTAX: Record<string, string> = {
  TAB_AS_INDENT: 'a tab can not indent in YAML: use spaces',
  BLOCK_AS_IMPLICIT_KEY:
    'a second ": " in one line, or a wrong indentation: put the text in quotes, or indent it rightly',
  BAD_SCALAR_START: 'text that starts like this must be in quotes',
};

const OPEN_QUOTE = 'a quote that is never closed';

/** Where the quote begins that is still open at the end of the text. */
function startOfOpenQuote(document: Document, end: number): number {
  let start = end;
  visit(document, {
    Scalar(_, { type, range }) {
      if (type?.startsWith('QUOTE') && range && range[1] >= end) start = range[0];
    },
  });
  return start;
}

function explainSyntax(document: Document, { code, message, pos: [offset] }: YAMLError): Slip {
  if (code === 'DUPLICATE_KEY') {
    const path = formatPath(pathOfKeyAt(document, offset));
    return { offset, path, message: 'duplicate key', spoils: 'line' };
  }
  if (code === 'MISSING_CHAR' && message.includes('quote')) {
    const start = startOfOpenQuote(document, offset);
    return { offset: start, path: '', message: OPEN_QUOTE, spoils: 'rest' };
  }
  const spoils = code === 'TAG_RESOLVE_FAILED' ? 'line' : 'rest';
  return { offset, path: '', message: SYNTAX[code] ?? message, spoils };
}

/**
 * A bare `*` begins an alias in YAML, and cron expressions and patterns begin with one. Each alias of
 * nothing becomes the text that was meant, so that the rest of the document can be judged.
 */
function replaceBareStars(document: Document): Slip[] {
  const found: Slip[] = [];
  visit(document, {
    Alias(_, node: Alias) {
      if (node.resolve(document)) return undefined;
      const message = `"*${node.source}" must be in quotes: a bare * has a meaning of its own in YAML`;
      found.push({ offset: node.range?.[0] ?? 0, path: '', message, spoils: 'line' });
      const text = new Scalar(`*${node.source}`);
      if (node.range) text.range = node.range;
      return text;
    },
  });
  return found;
}

/** The data of a document; a mistake where references make it endless or huge. */
function readData(document: Document): { data?: unknown; found: Found[] } {
  try {
    return { data: document.toJS({ maxAliasCount: 100 }) as unknown, found: [] };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { found: [{ offset: document.range?.[0] ?? 0, path: '', message }] };
  }
}

function isEmpty(document: Document): boolean {
  return document.contents === null || (isScalar(document.contents) && document.contents.value === null);
}

/** A document, and what is wrong with it. */
export interface Judged<T> {
  document: Document;
  /** Undefined where references make it endless or huge. */
  data?: unknown;
  /** What `examine` found, where nothing is wrong. */
  examined?: T;
  problems: Found[];
  warnings: Found[];
}

function judge<T extends SpecChecks>(
  document: Document,
  examine: (data: unknown) => T,
  lineOf: (offset: number) => number,
): Judged<T> {
  const stars = replaceBareStars(document);
  const errors = [...document.errors, ...document.warnings].map((error) => explainSyntax(document, error));
  const syntax = onePerSlip([...errors, ...stars], lineOf);
  if (isEmpty(document) && syntax.length === 0) {
    const message = 'an empty document: remove it, or the --- that begins it';
    return { document, problems: [{ offset: document.range?.[0] ?? 0, path: '', message }], warnings: [] };
  }
  const { data, found } = readData(document);
  if (found.length > 0) return { document, problems: [...syntax, ...found], warnings: [] };
  const examined = examine(data);
  const place = (issue: SpecIssue): Found => ({
    ...issue,
    offset: locate(document, issue),
    path: formatPath(issue.path),
  });
  const certain = examined.problems
    .map((issue) => ({ ...place(issue), about: issue.about }))
    .filter(makeCertainty(syntax, lineOf));
  return {
    document,
    data,
    ...(syntax.length === 0 && { examined }),
    problems: [...syntax, ...certain],
    warnings: syntax.length === 0 ? examined.warnings.map(place) : [],
  };
}

/**
 * Tells what is certain beside mistakes of YAML: after one that breaks the structure, what follows may
 * not be what was meant, and what seems missing may follow.
 */
function makeCertainty(slips: readonly Slip[], lineOf: (offset: number) => number) {
  const spoiled = new Set(slips.map(({ offset }) => lineOf(offset)));
  const broken = Math.min(
    ...slips.filter(({ spoils }) => spoils === 'rest').map(({ offset }) => lineOf(offset)),
  );
  return ({ offset, about }: { offset: number; about: SpecIssue['about'] }) => {
    const line = lineOf(offset);
    return line < broken && !spoiled.has(line) && (about !== 'missing' || broken === Infinity);
  };
}

/**
 * One slip makes the parser complain several times: the first in a line tells what is wrong, and what
 * it finds behind an open quote is nothing of its own.
 */
function onePerSlip(found: readonly Slip[], lineOf: (offset: number) => number): Slip[] {
  const sorted = found.toSorted((a, b) => a.offset - b.offset);
  const first = sorted.filter(
    ({ offset }, index) => lineOf(offset) !== lineOf(sorted[index - 1]?.offset ?? -1),
  );
  const quote = first.findIndex(({ message }) => message === OPEN_QUOTE);
  return quote < 0 ? first : first.slice(0, quote + 1);
}

/** A text of YAML, each of its documents judged. */
export interface JudgedText<T> {
  documents: Judged<T>[];
  lineOf: (offset: number) => number;
  /** As people are told of them, in the order of the text. */
  toProblems: (found: readonly Found[]) => SpecProblem[];
}

/** @param fileName for messages alone */
export function judgeYaml<T extends SpecChecks>(
  text: string,
  fileName: string,
  examine: (data: unknown) => T,
): JudgedText<T> {
  const lineCounter = new LineCounter();
  const lineOf = (offset: number) => lineCounter.linePos(offset).line;
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const toProblems = (found: readonly Found[]): SpecProblem[] =>
    found
      .toSorted((a, b) => a.offset - b.offset)
      .map(({ offset, path, message, suggestion }) => {
        const { line, col } = lineCounter.linePos(offset);
        return {
          file: fileName,
          line,
          column: col,
          path,
          message,
          ...(suggestion !== undefined && { suggestion }),
        };
      });
  return {
    documents: documents.map((document) => judge(document as Document, examine, lineOf)),
    lineOf,
    toProblems,
  };
}
