/**
 * `npm test`: set-up, then lint, format and types beside every test; the last line sums them up. Arguments go
 * to Jest (`npm test -- src/model`), which then runs alone.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { setUpOrExit } from './set-up.mjs';
import { ROOT } from './set-up/paths.mjs';

const CHECKS = {
  lint: ['eslint/bin/eslint.js', '.'],
  format: ['prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  types: ['typescript/bin/tsc', '-p', '.', '--noEmit'],
  'types of the page': ['typescript/bin/tsc', '-p', 'src/web'],
};

/** Runs a tool; its exit code, and what it said where that was not to be seen at once. */
function start(node, [script, ...args], stdio = 'inherit') {
  return new Promise((resolve) => {
    let said = '';
    const path = `${dirname(node)}${delimiter}${process.env.PATH}`;
    const child = spawn(node, [join(ROOT, 'node_modules', script), ...args], {
      cwd: ROOT,
      stdio: ['ignore', stdio, stdio],
      env: { ...process.env, PATH: path },
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += chunk));
    child.once('error', (error) => resolve({ code: 1, said: String(error) }));
    child.once('close', (code) => resolve({ code: code ?? 1, said }));
  });
}

/** Says at the very end what failed: Jest's own words on it are thousands of lines further up. */
function printFailures({ testResults }) {
  for (const { name, assertionResults, message } of testResults) {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    const reasons = failed.map(({ fullName, failureMessages, failureDetails }) => {
      // Of an error of ours: the tool's own words, which its message leaves out.
      const details = failureDetails.flatMap((failure) => (failure?.details ? [failure.details] : []));
      const told = details.map((each) => JSON.stringify(each).slice(0, 2_000));
      return [fullName, ...told, failureMessages.join('\n').slice(0, 2_000)].join('\n');
    });
    if (assertionResults.length === 0 && message) reasons.push(message.slice(0, 2_000));
    for (const reason of reasons) console.log(`\nfailed: ${relative(ROOT, name)}: ${reason}`);
  }
}

const SLOWEST = 20;

/** Where the time goes: the test files that took longest. */
function printSlowest({ testResults }) {
  const seconds = ({ startTime, endTime }) => Math.round((endTime - startTime) / 1000);
  const slowest = testResults.toSorted((one, other) => seconds(other) - seconds(one)).slice(0, SLOWEST);
  if (testResults.length <= SLOWEST) return;
  console.log(`\nthe ${SLOWEST} slowest of ${testResults.length} test files:`);
  for (const each of slowest)
    console.log(`${String(seconds(each)).padStart(5)} s  ${relative(ROOT, each.name)}`);
}

/** Counts of Jest's results file; a suite that could not even start counts as one failure. */
function readCounts(file, exitCode) {
  try {
    const results = JSON.parse(readFileSync(file, 'utf8'));
    printSlowest(results);
    printFailures(results);
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    return {
      passed: results.numPassedTests,
      failed: exitCode !== 0 && failed === 0 ? 1 : failed,
      skipped: results.numPendingTests + results.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const jestArgs = process.argv.slice(2);
// What a run plays of cases that are alike is chosen by one number for all of its files.
process.env.TIDEMARK_CHAOS_SEED ??= String(Date.now() % 1e9);
const node = await setUpOrExit({ forTests: true });
let [passed, failed] = [0, 0];

/** One after the other, beside the tests: those wait a good part of their time. */
async function runChecks() {
  for (const [name, argv] of jestArgs.length > 0 ? [] : Object.entries(CHECKS)) {
    const { code, said } = await start(node, argv, 'pipe');
    console.log(`${said}${name}: ${code === 0 ? 'passed' : 'failed'}`);
    if (code === 0) passed++;
    else failed++;
  }
}

const checks = runChecks();
const folder = mkdtempSync(join(tmpdir(), 'tidemark-results-'));
const file = join(folder, 'results.json');
const { code } = await start(node, ['jest/bin/jest.js', '--json', `--outputFile=${file}`, ...jestArgs]);
await checks;
const counts = readCounts(file, code);
rmSync(folder, { recursive: true, force: true });
passed += counts.passed;
failed += counts.failed;
console.log(`\n${passed} passed, ${failed} failed, ${counts.skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
