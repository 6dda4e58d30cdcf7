/** Reads a file of relationships: YAML of one or more documents, or JSON. */
import type { Document } from 'yaml';
import { examineDocument } from './examine-document';
import { formatIssue } from './issues';
import { type Found, judgeYaml, type SpecProblem } from './judge-yaml';
import type { Relationship } from './spec';
import { locate } from './yaml-positions';

export { checkDocument } from './examine-document';
export type { SpecProblem } from './judge-yaml';

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

interface Name {
  text: string;
  offset: number;
}

/** Its name and where that is written, even where something else is wrong. */
function readName(document: Document, data: unknown): Name | undefined {
  const text = (data as { metadata?: { name?: unknown } } | null)?.metadata?.name;
  if (typeof text !== 'string') return undefined;
  return { text, offset: locate(document, { path: ['metadata', 'name'], about: 'value' }) };
}

/** Names that a document before has already. */
function findTakenNames(names: readonly (Name | undefined)[], lineOf: (offset: number) => number): Found[] {
  const taken = new Map<string, number>();
  return names.flatMap((name) => {
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
  const { documents, lineOf, toProblems } = judgeYaml(text, fileName, examineDocument);
  if (documents.length === 0) {
    const message = 'there is no document in it';
    return { relationships: [], problems: toProblems([{ offset: 0, path: '', message }]), warnings: [] };
  }
  const names = documents.map(({ document, data }) => readName(document, data));
  return {
    relationships: documents.flatMap(({ examined }) => examined?.relationship ?? []),
    problems: toProblems([
      ...documents.flatMap(({ problems }) => problems),
      ...findTakenNames(names, lineOf),
    ]),
    warnings: toProblems(documents.flatMap(({ warnings }) => warnings)),
  };
}
