import { unreadLines, withoutLogin } from './doctor-credentials';

it('names the lines that set no variable, and none of a value over several lines', () => {
  const text = [
    '# of wiki',
    'RESTIC_PASSWORD=x',
    '',
    'just words',
    'export A = b',
    'KEY="one',
    'two',
    'three"',
    '=x',
  ];
  expect(unreadLines(text.join('\n'))).toEqual([4, 9]);
  expect(unreadLines('A="closed"\nB=\n')).toEqual([]);
});

it('shows a URL without the login in it', () => {
  expect(withoutLogin('rest:https://u:p@store.example.net/wiki')).toBe(
    'rest:https://…@store.example.net/wiki',
  );
  expect(withoutLogin('s3:https://s3.example.net/a@b')).toBe('s3:https://s3.example.net/a@b');
});
