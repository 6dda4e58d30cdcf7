/** The entry of the CLI. */
import { runCli } from './run';

/** A reader that had enough, like `head`, is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

/** What a library left open must not keep a finished command waiting; but all output must be out. */
function exit(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

void runCli(process.argv.slice(2)).then(exit);
