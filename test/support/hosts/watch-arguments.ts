import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Looks again and again, from a process of its own, for programs of this machine that have a word among their arguments. */
export function watchArguments(word: string): { started: Promise<unknown>; stop: () => Promise<string[]> } {
  const code = `
    const { readdirSync, readFileSync } = require('node:fs');
    const found = new Set();
    const look = () => {
      for (const pid of readdirSync('/proc').filter((name) => Number(name) > 0)) {
        try {
          const argv = readFileSync('/proc/' + pid + '/cmdline', 'utf8');
          if (argv.includes(process.env.WORD)) found.add(argv);
        } catch {}
      }
      setImmediate(look);
    };
    process.on('SIGTERM', () => { console.log(JSON.stringify([...found])); process.exit(); });
    look();
    console.log('looking');`;
  const watcher = spawn(process.execPath, ['-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { WORD: word },
  });
  let said = '';
  watcher.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return {
    started: once(watcher.stdout, 'data'),
    async stop() {
      watcher.kill('SIGTERM');
      await once(watcher, 'close');
      return JSON.parse(said.split('\n')[1] ?? '') as string[];
    },
  };
}
