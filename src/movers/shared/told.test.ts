import { z } from 'zod';
import { landingOf, openedBy, readTold } from './told';

const landing = { id: 'l', address: '192.0.2.7', port: 22, user: 'root', hostKeys: [], expiresAt: '' };

it('finds the landing behind a door that goes by SSH, and refuses any other', () => {
  expect(landingOf(openedBy(landing, { isEmpty: true }))).toEqual(landing);
  for (const door of [{ how: 'store', prefix: 'wiki/' }, { how: 'none' }] as const)
    expect(() => landingOf({ door })).toThrow(`what was opened is no landing, but ${door.how}`);
});

it('takes nothing of what the other side tells on trust, and says what is wrong with it', () => {
  const schema = z.object({ command: z.array(z.string()) });
  expect(readTold(schema, { command: ['rsync'], more: 'is left out' }, 'source')).toEqual({
    command: ['rsync'],
  });
  expect(() => readTold(schema, { command: 'rm -rf /' }, 'source')).toThrow(
    'the source told what this mover never tells: command',
  );
});
