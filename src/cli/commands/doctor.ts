import type { Command } from 'commander';
import { checkMachine, checkPath, checkServices } from '../doctor';
import type { Finding } from '../doctor';
import { checkCredentials } from '../doctor-credentials';
import { finish, print } from '../output';
import type { OutputOptions } from '../output';
import { parsePath } from '../parse';
import { colors, formatTable, paintState } from '../../client/text';

interface DoctorOptions extends OutputOptions {
  path?: string;
  credentials?: string;
}

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .summary('what this host lacks, and the command that installs it')
    .description(
      'Looks at this machine: the tools that Tidemark runs, whether Temporal, the control worker and the agents answer, and ' +
        'what the filesystem of a path can do. Credentials of stores are tried: whether they can be read, and open what they are ' +
        'for. Exit code 1 where something needed is missing.',
    )
    .option('--path <dir>', 'also say what the filesystem of this directory can do', parsePath)
    .option(
      '--credentials <dir>',
      "try the credentials that this host's agent was started with, and change nothing (default: those of tidemark up)",
      parsePath,
    )
    .action((options: DoctorOptions) => doctor(options));
  finish(command, [
    'tidemark doctor',
    'tidemark doctor --path /srv/wiki',
    'tidemark doctor --credentials /etc/tidemark/credentials',
  ]);
}

function formatFindings(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, state, detail }) => [what, paintState(state), detail]);
  const todo = [...new Set(findings.flatMap(({ fix }) => fix ?? []))].map((fix) => `  ${fix}`);
  const table = formatTable(['WHAT', 'STATE', 'DETAIL'], rows);
  return todo.length > 0 ? [table, '', colors.bold('What to do'), ...todo].join('\n') : table;
}

async function doctor(options: DoctorOptions): Promise<void> {
  const findings = [
    ...(await checkMachine()),
    ...(await checkServices()),
    ...(await checkCredentials(options.credentials)),
    ...(options.path === undefined ? [] : await checkPath(options.path)),
  ];
  print(findings, options, formatFindings);
  if (findings.some(({ state }) => state === 'missing')) process.exitCode = 1;
}
