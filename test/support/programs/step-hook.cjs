/**
 * Preloaded into an agent: counts every command that it runs and every file of state that it writes, and
 * stops, or kills the agent with -9, right before or right after one of them. In `TIDEMARK_STEPS`:
 * `<host>.plan` says which (see crash/steps.ts), `<host>.trace` is what was counted, `<host>.reached` is
 * written once it stands there, and `<host>.go` lets it go on.
 */
const childProcess = require('node:child_process');
const fs = require('node:fs');
const files = require('node:fs/promises');
const { basename, join } = require('node:path');
const process = require('node:process');

const { TIDEMARK_STEPS: folder = '', TIDEMARK_STEPS_HOST: host = '' } = process.env;
// What the agent starts is not to be counted itself.
delete process.env.NODE_OPTIONS;
const at = (name) => join(folder, `${host}.${name}`);
const LONGEST_STOP_MS = 60_000;

let planId;
let count = 0;

function readPlan() {
  try {
    return JSON.parse(fs.readFileSync(at('plan'), 'utf8'));
  } catch {
    return undefined;
  }
}

function stopHere({ kills }) {
  fs.writeFileSync(at('reached'), '');
  if (kills) process.kill(process.pid, 'SIGKILL');
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; !fs.existsSync(at('go')) && waitedMs < LONGEST_STOP_MS; waitedMs += 10)
    Atomics.wait(sleeper, 0, 0, 10);
}

/** Counts a step; returns what to call once it is done. */
function enter(text) {
  const plan = readPlan();
  if (!plan) return () => undefined;
  if (plan.id !== planId) [planId, count] = [plan.id, 0];
  const step = ++count;
  fs.appendFileSync(at('trace'), `${text}\n`);
  // Once only: a step with the same number comes again when the agent does.
  const isHere = (moment) => plan.step === step && plan.moment === moment && !fs.existsSync(at('reached'));
  if (isHere('before')) stopHere(plan);
  return () => {
    if (isHere('after')) stopHere(plan);
  };
}

const { spawn } = childProcess;
childProcess.spawn = (program, args, ...rest) => {
  const leave = enter(
    [program, ...(Array.isArray(args) ? args : [])].map((word) => basename(word)).join(' '),
  );
  const child = spawn(program, args, ...rest);
  child.prependListener('exit', leave);
  return child;
};

for (const name of ['rename', 'unlink', 'symlink']) {
  const real = files[name];
  files[name] = async (...args) => {
    const leave = enter(`${name} ${basename(String(args[1] ?? args[0]))}`);
    const result = await real(...args);
    leave();
    return result;
  };
}
