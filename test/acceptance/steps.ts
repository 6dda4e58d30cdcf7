/** What a case does: its files in the order of their numbers, each a step or several. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from './kubectl';

/** One line of a `run` file. */
export interface Command {
  /** `pod/NAME`: where the command is run. */
  exec?: string;
  command?: string[];
  /** In place of both. */
  kubectl?: string[];
  /** What it prints, without white space around it; it is run again until it does. */
  stdout?: string;
  /** What it prints is known by this name afterwards, as `${NAME}`. */
  set?: string;
  /** A file of manifests besides, from the folder of this program. */
  apply?: string;
  /** An object that the API server must not take, and what it says of it. */
  refused?: KubeObject;
  says?: string;
  /** Seconds. */
  sleep?: number;
}

export type Kind = 'apply' | 'assert' | 'absent' | 'run';

export interface Step {
  file: string;
  kind: Kind;
  /** Objects, or lists of commands. */
  documents: unknown[];
}

export const FOLDER = __dirname;
const CASES = join(FOLDER, 'cases');

export const listCases = (): string[] =>
  readdirSync(CASES, { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => name)
    .toSorted();

/** Those that are known are put in; whatever else looks like one belongs to a shell. */
export const fillIn = (text: string, known: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{([A-Z_]+)\}/g, (whole, name: string) => known[name] ?? whole);

/** @throws Error where it is no YAML */
export function readDocuments(path: string, known: Readonly<Record<string, string>>): unknown[] {
  return parseAllDocuments(fillIn(readFileSync(path, 'utf8'), known))
    .map((document) => {
      const [error] = document.errors;
      if (error) throw new Error(`${path}: ${error.message}`);
      return document.toJS() as unknown;
    })
    .filter((each) => each !== null);
}

export const filesOf = (name: string): string[] =>
  readdirSync(join(CASES, name))
    .filter((file) => /^\d+-.*\.yaml$/.test(file))
    .toSorted();

export function kindOf(file: string): Kind {
  const [, word] = /^\d+-(assert|absent|run)\b/.exec(file) ?? [];
  return (word as Kind | undefined) ?? 'apply';
}

/** @param known what is put in for `${NAME}`, as it is by now */
export function readStep(name: string, file: string, known: Readonly<Record<string, string>>): Step {
  return { file, kind: kindOf(file), documents: readDocuments(join(CASES, name, file), known) };
}
