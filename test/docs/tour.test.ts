/**
 * The tour of the README, typed as it stands into a shell, in a home of its own. What is printed is
 * compared line by line with what the README shows, numbers, times and sizes aside; lines may be left
 * out there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { reservePorts } from '../support/hosts/ports';
import { readPages, readSteps, ROOT, type Step } from '../support/markdown';

jest.setTimeout(300_000);

const START = 'npm start';
/** Runs until it is ended, in a terminal of its own. */
const AGENT = 'npx tidemark agent';
/** Holds for whatever is typed after it. */
const EXPORT = 'export ';
/** A cluster of the test's own: somebody may have the tour's up, or have left it. */
const CLUSTER = `tour-${process.pid}`;

function readTour(): Step[] {
  const readme = readPages().find(({ path }) => path === 'README.md');
  const steps = readme?.blocks
    .filter(({ language }) => language === 'console' || language === 'sh')
    .flatMap(readSteps);
  return steps ?? [];
}

/** A line without what differs from run to run: times, sizes, ids, and how wide columns are. */
function normalize(line: string): string {
  return line
    .replaceAll(/\d{8}T\d{6}Z-\d{6}/g, 'POINT')
    .replaceAll(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d/g, 'TIME')
    .replaceAll(/\b\d\d:\d\d:\d\d\b/g, 'CLOCK')
    .replaceAll(/\b(hourly|daily|weekly|monthly|yearly) [\dTW-]+/g, '$1 PERIOD')
    .replaceAll(/\b\d+(\.\d+)?(ms|s|m|h)\b( \d+(s|m))?/g, 'DURATION')
    .replaceAll(/\b\d+(\.\d+)? ([KMGT]i)?B\b/g, 'SIZE')
    .replaceAll(/-\d{6}\b/g, '-NUMBER')
    .replaceAll(/[\w.-]+@[\w.-]+/g, 'USER')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replaceAll(/(?<= )\d+(?=[ ,]|$)/g, 'COUNT')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Lines of the README that were not printed, in their order. A line may be cut short there. */
function findMissing(shown: readonly string[], printed: string): string[] {
  const lines = printed.split('\n').map(normalize);
  let from = 0;
  return shown.filter((line) => {
    const wanted = normalize(line);
    const at = lines.findIndex((each, index) => index >= from && each.startsWith(wanted));
    if (at >= 0) from = at + 1;
    return at < 0;
  });
}

describe('the tour', () => {
  const home = mkdtempSync(join(tmpdir(), 'tidemark-tour-'));
  const folder = join(home, 'tide');
  let ports: string[] = [];
  let exported = '';
  const terminals: ChildProcess[] = [];

  /** Types one command, in the checkout; answers all that it printed. */
  async function type(command: string): Promise<string> {
    const {
      TEMPORAL_ADDRESS: _temporal,
      TIDEMARK_URL: _url,
      TIDEMARK_HOME: _home,
      XDG_STATE_HOME: _state,
      ...inherited
    } = process.env;
    const env = {
      ...inherited,
      HOME: home,
      // What set-up has put there once for this user.
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
      PATH: `${join(ROOT, 'node_modules/.bin')}:${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    };
    const typed = command.replaceAll('/tmp/tide', folder).replace(/(?<=cluster .*) tour\b/, ` ${CLUSTER}`);
    const script = `${exported}${typed}`;
    const child = spawn('bash', ['-c', script], { cwd: ROOT, env, detached: true });
    if (command.startsWith(AGENT)) {
      terminals.push(child);
      return '';
    }
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((done) => child.once('close', done));
    return output.replaceAll(folder, '/tmp/tide').replaceAll(CLUSTER, 'tour');
  }

  beforeAll(async () => {
    mkdirSync(join(home, '.config'));
    const [temporal, ui, http] = await reservePorts(3);
    ports = ['--temporal-port', `${temporal}`, '--ui-port', `${ui}`, '--http-port', `${http}`];
  });
  afterAll(async () => {
    for (const { pid } of terminals) if (pid !== undefined) process.kill(-pid, 'SIGTERM');
    await type('npm run cluster -- down tour');
    await type('npx tidemark down');
    rmSync(home, { recursive: true, force: true });
  });

  it('goes as the README says', async () => {
    const steps = readTour();
    expect(steps[0]?.command).toBe(START);
    for (const { command, output } of steps) {
      // Set-up has been done by now; and this terminal is the only one there is.
      const typed = command === START ? `npx tidemark up --detach ${ports.join(' ')}` : command;
      if (command.startsWith(EXPORT)) exported += `${command.replace(/ tour\b/, ` ${CLUSTER}`)}\n`;
      const printed = await type(typed);
      const missing = findMissing(output, printed);
      expect({ command, missing, ...(missing.length > 0 && { printed }) }).toEqual({ command, missing: [] });
    }
    expect(steps.length).toBeGreaterThan(10);
  });
});
