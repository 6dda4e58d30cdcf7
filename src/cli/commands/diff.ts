import type { Command } from 'commander';
import { ClientError } from '../../client/exit-codes';
import { PAGE, targetOption } from '../look-into-points';
import { finish } from '../output';
import { collect, parseCount, parseInner } from '../parse';
import { diffOfFiles } from '../file-diff';
import { diffOfPoints } from '../point-diff';
import type { PointDiffOptions } from '../point-diff';

export function register(program: Command): void {
  const command = program
    .command('diff')
    .argument('[name]', 'the relationship')
    .argument('[path]', 'a file or folder of the points, by its path in them; by default all', parseInner)
    .summary('what changed between two points, or apply would')
    .description(
      'With -f, shows what tidemark apply would change; exit code 1 where it would change something. With a name and --point, ' +
        'what changed between two recovery points of a target, or since one of them at its live replica. It compares size, ' +
        'time, permissions and owner, where a point notes checksums these too, and reads no contents. It changes nothing.',
    )
    .option(
      '--point <id>',
      'the earlier point; given again, the later one, by default the live replica',
      collect,
    )
    .addOption(targetOption())
    .option('--after <path>', 'only what comes after this path: the next page')
    .option('-n, --limit <count>', 'at most so many', parseCount, PAGE)
    .option('-f, --file <path>', 'files as tidemark apply takes them', collect)
    .action(diff);
  finish(command, [
    'tidemark diff -f wiki.yaml',
    'tidemark diff wiki --point 20261121T080210Z-000042 --point latest',
    'tidemark diff wiki pages --point latest',
  ]);
}

async function diff(
  name: string | undefined,
  path: string | undefined,
  options: Omit<PointDiffOptions, 'point'> & { point?: string[]; file?: string[] },
): Promise<void> {
  const { point = [], file } = options;
  if ((name === undefined) === (file === undefined) || (file && point.length > 0)) {
    throw new ClientError('WrongUse', 'give files with -f, or a name and the points with --point', {
      hint: 'tidemark diff --help',
    });
  }
  if (name === undefined) return await diffOfFiles(file ?? [], options);
  if (point.length === 0 || point.length > 2) {
    throw new ClientError('WrongUse', 'name the earlier point, and perhaps a later one', {
      hint: `tidemark diff ${name} --point ID --point latest`,
    });
  }
  await diffOfPoints(name, path, { ...options, point });
}
