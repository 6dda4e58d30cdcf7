/** Reads a file of relationships: YAML of one or more documents, or JSON. */
import { isScalar, LineCounter, parseAllDocuments, Scalar, visit } from 'yaml';
import type { Alias, Document, YAMLError } from 'yaml';
import { examineDocument } from './examine-document';
import { formatIssue, formatPath } from './issues';
import type { SpecIssue } from './issues';
import type { Relationship } from './spec';
import { locate, pathOfKeyAt } from './yaml-positions';

export { checkDocument } from './examine-document';

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

export interface ParsedSpecs {
  relationships: Relationship[];
  /** Every mistake in the file, in its order; unless empty, none of it is to be applied. */
  problems: SpecProblem[];
  /** Accepted, and probably not meant. */
  warnings: SpecProblem[];
}

/** `wiki.yaml:12:5: spec.trigger.schedul: unknown key; did you mean "schedule"?` */
export function formatProblem(problem: SpecProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${formatIssue(problem)}`;
}

/** A mistake at an offset of the text. */
interface Found {
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

interface Read {
  relationship?: Relationship;
  /** Its name and where that is written, even where something else is wrong. */
  name?: { text: string; offset: number };
  problems: Found[];
  warnings: Found[];
}

function readDocument(document: Document, lineOf: (offset: number) => number): Read {
  const stars = replaceBareStars(document);
  const errors = [...document.errors, ...document.warnings].map((error) => explainSyntax(document, error));
  const syntax = onePerSlip([...errors, ...stars], lineOf);
  if (isEmpty(document) && syntax.length === 0) {
    const message = 'an empty document: remove it, or the --- that begins it';
    return { problems: [{ offset: document.range?.[0] ?? 0, path: '', message }], warnings: [] };
  }
  const { data, found } = readData(document);
  if (found.length > 0) return { problems: [...syntax, ...found], warnings: [] };
  const { relationship, problems, warnings } = examineDocument(data);
  const place = (issue: SpecIssue): Found => ({
    ...issue,
    offset: locate(document, issue),
    path: formatPath(issue.path),
  });
  const certain = problems
    .map((issue) => ({ ...place(issue), about: issue.about }))
    .filter(makeCertainty(syntax, lineOf));
  const name = readName(document, data);
  return {
    ...(syntax.length === 0 && relationship && { relationship }),
    ...(name && { name }),
    problems: [...syntax, ...certain],
    warnings: syntax.length === 0 ? warnings.map(place) : [],
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

function readName(document: Document, data: unknown): Read['name'] {
  const text = (data as { metadata?: { name?: unknown } } | null)?.metadata?.name;
  if (typeof text !== 'string') return undefined;
  return { text, offset: locate(document, { path: ['metadata', 'name'], about: 'value' }) };
}

/** Names that a document before has already. */
function findTakenNames(read: readonly Read[], lineOf: (offset: number) => number): Found[] {
  const taken = new Map<string, number>();
  return read.flatMap(({ name }) => {
    if (!name) return [];
    const line = taken.get(name.text);
    if (line === undefined) {
      taken.set(name.text, lineOf(name.offset));
      return [];
    }
    const message = `duplicate name "${name.text}", first used in line ${line}`;
    return [{ offset: name.offset, path: 'metadata.name', message }];
  });
}

/** Reads all documents of a text, and finds every mistake in it. `fileName` is for messages alone. */
export function parseSpecs(text: string, fileName: string): ParsedSpecs {
  const lineCounter = new LineCounter();
  const lineOf = (offset: number) => lineCounter.linePos(offset).line;
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const read = documents.map((document) => readDocument(document as Document, lineOf));
  const toProblems = (found: Found[]): SpecProblem[] =>
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
  if (documents.length === 0) {
    const message = 'there is no document in it';
    return { relationships: [], problems: toProblems([{ offset: 0, path: '', message }]), warnings: [] };
  }
  return {
    relationships: read.flatMap(({ relationship }) => (relationship ? [relationship] : [])),
    problems: toProblems([...read.flatMap(({ problems }) => problems), ...findTakenNames(read, lineOf)]),
    warnings: toProblems(read.flatMap(({ warnings }) => warnings)),
  };
}
