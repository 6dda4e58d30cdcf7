import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLastUpState, readUpState, startTimeOf, stateHome, upStatePath } from './up-state';
import { chooseHttpUrl, chooseTemporalAddress, findUiUrl } from './connection';

const up = { ports: { temporal: 7300, ui: 8300, http: 7800 } };

describe("Temporal's address", () => {
  it('is what the environment or the configuration file says, before all', () => {
    expect(chooseTemporalAddress('temporal.example:7233', up)).toEqual({
      address: 'temporal.example:7233',
      origin: 'environment',
    });
  });
  it('is else that of a running up', () => {
    expect(chooseTemporalAddress(undefined, up)).toEqual({ address: '127.0.0.1:7300', origin: 'up' });
  });
  it('is never the usual one where TIDEMARK_HOME names a state folder on which nothing runs', () => {
    const refused = expect.objectContaining({
      type: 'Unreachable',
      message: 'no tidemark up runs on TIDEMARK_HOME, /srv/mine',
    }) as Error;
    expect(() => chooseTemporalAddress(undefined, undefined, '/srv/mine')).toThrow(refused);
    expect(() => chooseHttpUrl({ TIDEMARK_HOME: '/srv/mine' }, undefined)).toThrow(refused);
    expect(chooseTemporalAddress('temporal.example:7233', undefined, '/srv/mine').origin).toBe('environment');
    expect(chooseTemporalAddress(undefined, up, '/srv/mine').origin).toBe('up');
  });
  it('is else the usual one', () => {
    expect(chooseTemporalAddress(undefined, undefined)).toEqual({
      address: '127.0.0.1:7233',
      origin: 'default',
    });
  });
});

describe("the control worker's address", () => {
  it('is TIDEMARK_URL before all, with the token', () => {
    const env = { TIDEMARK_URL: 'https://control.example/', TIDEMARK_TOKEN: 'secret' };
    expect(chooseHttpUrl(env, up)).toEqual({
      url: 'https://control.example',
      token: 'secret',
      origin: 'environment',
    });
  });
  it('is else that of a running up, else the usual one', () => {
    expect(chooseHttpUrl({}, up)).toEqual({ url: 'http://127.0.0.1:7800', origin: 'up' });
    expect(chooseHttpUrl({}, undefined)).toEqual({ url: 'http://127.0.0.1:7733', origin: 'default' });
  });
});

test('the Temporal UI is known of a running up, or by TIDEMARK_UI_URL', () => {
  const state = { ...up, pid: 1, startTime: '', startedAt: '' };
  expect(findUiUrl({}, state)).toBe('http://127.0.0.1:8300');
  expect(findUiUrl({ TIDEMARK_UI_URL: 'https://ui.example/' }, state)).toBe('https://ui.example');
});

describe('the state folder', () => {
  it('is TIDEMARK_HOME, else in the XDG state folder, whose relative paths do not count', () => {
    expect(stateHome({ TIDEMARK_HOME: '/srv/tidemark' })).toBe('/srv/tidemark');
    expect(stateHome({ XDG_STATE_HOME: '/var/state' })).toBe('/var/state/tidemark');
    expect(stateHome({ XDG_STATE_HOME: 'state' })).toMatch(/\/\.local\/state\/tidemark$/);
  });

  it('tells an up that runs from one that was killed, even where its process number is used again', () => {
    const home = mkdtempSync(join(tmpdir(), 'tidemark-state-'));
    try {
      const write = (startTime: string) =>
        writeFileSync(upStatePath(home), JSON.stringify({ ...up, pid: process.pid, startTime }));
      write(startTimeOf(process.pid) ?? '');
      expect(readUpState(home)?.ports).toEqual(up.ports);
      write('1');
      expect(readUpState(home)).toBeUndefined();
      expect(readLastUpState(home)?.ports).toEqual(up.ports);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
