import { explainLost, explainMissing, explainStart, mayPass, type PodPlace } from './explain';

const PLACE: PodPlace = { host: 'east', namespace: 'shop', pod: 'mover-1', container: 'mover' };
const status = (code: number, message: string) =>
  JSON.stringify({ kind: 'Status', status: 'Failure', code, message });

it('tries again what passes by itself, and nothing else', () => {
  for (const code of [429, 500, 502, 503, 504]) {
    expect(mayPass({ kind: 'refused', code, text: '' })).toBe(true);
    expect(explainStart(PLACE, { kind: 'refused', code, text: '' }).type).toBe('HostUnreachable');
  }
  for (const code of [400, 403, 404]) expect(mayPass({ kind: 'refused', code, text: '' })).toBe(false);
  // So answers an API server that was just started, too.
  const lacking = status(403, 'User "bob" cannot get resource "pods/exec"');
  expect(mayPass({ kind: 'refused', code: 403, text: lacking })).toBe(true);
  expect(mayPass({ kind: 'refused', code: 401, text: '' })).toBe(true);
  expect(mayPass({ kind: 'unreachable', code: 'ECONNREFUSED', text: '' })).toBe(true);
  expect(mayPass({ kind: 'unreachable', code: 'CERT_HAS_EXPIRED', text: '' })).toBe(false);
  expect(mayPass({ kind: 'not-started', text: 'error dialing backend' })).toBe(true);
  expect(mayPass({ kind: 'not-started', text: 'container not found ("mover")' })).toBe(false);
});

it('names the verbs, the resource and the namespace that are not granted', () => {
  const text = status(403, 'pods "mover-1" is forbidden: User "bob" cannot get resource "pods/exec"');
  const error = explainStart(PLACE, { kind: 'refused', code: 403, text });
  expect(error).toMatchObject({ type: 'AuthRejected', details: { host: 'east' } });
  expect(error.message).toBe('this agent may not run programs in pod shop/mover-1');
  expect(error.details.toolMessage).toContain('User "bob" cannot get');
  expect(error.details.hint).toMatch(/verbs get and create on pods\/exec in namespace shop/);
});

it('tells an older API server from one that does not allow it', () => {
  const error = explainStart(PLACE, { kind: 'refused', code: 403, text: '' });
  expect(error.type).toBe('ToolFailed');
  expect(error.details.hint).toMatch(/Kubernetes 1\.30/);
});

it('says which image lacks a program, and what brings it', () => {
  expect(explainMissing(PLACE, '/usr/bin/rsync')).toMatchObject({
    type: 'ToolMissing',
    message: 'there is no program /usr/bin/rsync in pod shop/mover-1',
    details: { host: 'east', hint: 'use an image that has it (in Debian: package rsync)' },
  });
  const text = 'exec failed: exec: "sh": executable file not found in $PATH: unknown';
  expect(explainStart(PLACE, { kind: 'not-started', text })).toMatchObject({ type: 'ToolMissing' });
});

it('tells a pod that has ended from a connection that was lost', () => {
  expect(explainLost(PLACE, 'is gone')).toMatchObject({
    type: 'HostUnreachable',
    message: 'pod shop/mover-1 is gone',
  });
  expect(explainLost(PLACE, undefined).message).toBe('the connection to pod shop/mover-1 was lost');
});
