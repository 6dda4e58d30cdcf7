import { StreamCounter } from './dump';

function count(...lines: string[]) {
  const counter = new StreamCounter();
  const text = Buffer.from(`${lines.join('\n')}\n`);
  // In pieces, as a pipe brings them.
  for (let start = 0; start < text.length; start += 7) counter.push(text.subarray(start, start + 7));
  const { examples, ...counts } = counter.result();
  expect(examples.length).toBe(Math.min(5, counts.deleted));
  return counts;
}

const TIMES = 'atime=2026-11-21T20:28:30+0000 mtime=2026-11-21T20:28:30+0000 ctime=2026-11-21T20:28:30+0000';

it('counts a new file once, and what is written to it', () => {
  const counted = count(
    'snapshot        ./c2                            uuid=3da7a004 transid=10 parent_uuid=b4e78121 parent_transid=7',
    'mkfile          ./c2/o258-10-0',
    'rename          ./c2/o258-10-0                  dest=./c2/new file',
    'update_extent   ./c2/new file                   offset=0 len=4096',
    'update_extent   ./c2/new file                   offset=4096 len=100',
    'chown           ./c2/new file                   gid=0 uid=0',
    `utimes          ./c2/new file                   ${TIMES}`,
    `utimes          ./c2/                           ${TIMES}`,
  );
  expect(counted).toEqual({ bytes: 4196, changed: 1, deleted: 0 });
});

it('counts nothing where files were only read', () => {
  expect(count(`utimes          ./c2/file                       ${TIMES}`)).toEqual({
    ...{ bytes: 0, changed: 0, deleted: 0 },
  });
});

it('counts every name of a folder that is gone, and none that only moved for a moment', () => {
  const counted = count(
    'rename          ./c2/links                      dest=./c2/o260-7-0',
    'unlink          ./c2/o260-7-0/one',
    'unlink          ./c2/o260-7-0/two',
    'rmdir           ./c2/o260-7-0',
    'rename          ./c2/a                          dest=./c2/o261-7-0',
    'mkfile          ./c2/o270-10-0',
    'rename          ./c2/o270-10-0                  dest=./c2/a',
    'unlink          ./c2/o261-7-0',
  );
  expect(counted.deleted).toBe(3);
});

it('counts a file under another name as deleted under its former', () => {
  const counted = count('rename          ./c2/report.txt                 dest=./c2/report.txt.locked');
  expect(counted).toEqual({ bytes: 0, changed: 2, deleted: 1 });
});
