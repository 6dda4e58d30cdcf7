/** A door into a claim: what somebody pushes lands there in place, and counts once they have said that it is whole. */
import { randomBytes } from 'node:crypto';
import { ended, execute, waitFor } from '../support/rigs/door-rig';
import { PushRig } from '../support/rigs/push-rig';

jest.setTimeout(180_000);

const WELL = { code: 0, stderr: '' };

let rig: PushRig;
afterEach(() => rig.dispose());

it('waits until a push is whole, which the word of VolSync says and nothing else', async () => {
  rig = await PushRig.make();
  const waiting = rig.transfer(1, await rig.receive(1));
  let isOver = false;
  void waiting.finally(() => (isOver = true));
  await rig.write('page', 'one');
  expect((await rig.ask(['shutdown', '0'])).stderr).toContain('no push that ended well waits');
  expect(await rig.pushAsVolsync(false)).toEqual(WELL);
  expect(await rig.read('page')).toBe('one');
  expect((await rig.ask(['shutdown', '3'])).stderr).toContain('says that it failed, by 3');
  expect(isOver).toBe(false);
  expect(rig.phases).toContain('waiting');
  expect(await rig.ask(['shutdown', '0'])).toEqual(WELL);
  const { capturedAt, totalBytes, bytesSent } = await waiting;
  expect(Date.parse(capturedAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
  expect(totalBytes).toBe(3);
  expect(bytesSent).toBeGreaterThan(0);
});

it('shows the same host key to the next push, and lets the same key in, in every iteration', async () => {
  rig = await PushRig.make();
  for (const [sequence, text] of [
    [1, 'one'],
    [2, 'second'],
    [3, 'third one'],
  ] as const) {
    await rig.write('page', text);
    const waiting = rig.transfer(sequence, await rig.receive(sequence), {
      confirmed: `shop-${sequence - 1}`,
    });
    const pushing = rig.pushAsVolsync();
    await expect(waiting).resolves.toMatchObject({ totalBytes: text.length });
    // Whoever has pushed is told before the door is closed.
    await rig.close(sequence);
    expect(await pushing).toEqual(WELL);
    expect(await rig.read('page')).toBe(text);
    expect((await rig.pushAsVolsync()).code).not.toBe(0);
  }
  const { stdout } = await execute('ssh-keygen', ['-l', '-f', `${rig.folder}/known_hosts`]);
  expect(stdout).toContain('(RSA)');
});

it('takes a push that was broken off for none, and the next one goes on', async () => {
  rig = await PushRig.make();
  const waiting = rig.transfer(1, await rig.receive(1));
  await rig.write('big', randomBytes(30_000_000));
  const broken = rig.begin(['--bwlimit=2000']);
  await rig.untilBegun();
  broken.kill('SIGKILL');
  await ended(broken);
  expect((await rig.ask(['shutdown', '0'])).stderr).toContain('no push that ended well waits');
  expect(await rig.pushAsVolsync()).toEqual(WELL);
  await expect(waiting).resolves.toMatchObject({ totalBytes: 30_000_000 });
});

it('lets one push in after the other', async () => {
  rig = await PushRig.make();
  const waiting = rig.transfer(1, await rig.receive(1));
  await rig.write('big', randomBytes(4_000_000));
  const first = ended(rig.begin(['--bwlimit=2000']));
  await rig.untilBegun();
  const second = await rig.push();
  expect(await first).toEqual(WELL);
  expect(second).toEqual(WELL);
  expect(await rig.ask(['shutdown', '0'])).toEqual(WELL);
  await waiting;
});

it('lets no other key in, and nothing else be done', async () => {
  rig = await PushRig.make();
  const stop = new AbortController();
  const waiting = rig.transfer(1, await rig.receive(1), { signal: stop.signal });
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${rig.folder}/other`]);
  expect((await rig.ask(['shutdown', '0'], 'other')).stderr).toContain('Permission denied (publickey)');
  for (const command of [
    [],
    ['id'],
    ['rsync', '--server', '--sender', '-r', '.', '/etc'],
    ['sh', '-c', "'id'"],
  ])
    expect(await rig.ask(command)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('tidemark: ') as unknown,
    });
  await rig.write('page', 'one');
  expect((await rig.push([], '/etc')).stderr).toContain('push to the whole folder');
  expect((await rig.push(['--partial-dir=../x'])).code).not.toBe(0);
  expect(await rig.push(['--dry-run'])).toEqual(WELL);
  await expect(rig.read('page')).rejects.toThrow('ENOENT');
  stop.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
});

it('has a push wait that comes before the sync does, and one that comes after it is whole', async () => {
  rig = await PushRig.make();
  const opened = await rig.receive(1);
  await rig.write('page', 'one');
  const early = rig.pushAsVolsync();
  const waiting = rig.transfer(1, opened);
  expect(await early).toEqual(WELL);
  await waiting;
  await rig.write('page', 'later');
  const late = ended(rig.begin());
  await waitFor('it waits', async () =>
    (await rig.host.files.list(`${rig.host.scratch}/door/asks`)).length > 0 ? true : undefined,
  );
  expect(await rig.read('page')).toBe('one');
  await rig.close(1);
  expect((await late).code).not.toBe(0);
  expect(await rig.read('page')).toBe('one');
});

it('loses no whole push where its agent is killed: it is a point’s before anybody may push again', async () => {
  rig = await PushRig.make();
  await rig.write('page', 'one');
  const waiting = rig.transfer(1, await rig.receive(1));
  expect(await rig.pushAsVolsync()).toEqual(WELL);
  const { capturedAt } = await waiting;
  await rig.close(1);
  rig.makeMover();
  // Of the same sync, or of the next one, no point having been made.
  for (const sequence of [1, 2]) {
    const again = rig.transfer(sequence, await rig.receive(sequence));
    await expect(again).resolves.toMatchObject({ capturedAt });
    await rig.close(sequence);
  }
  const stop = new AbortController();
  const next = rig.transfer(3, await rig.receive(3), { confirmed: 'shop-1', signal: stop.signal });
  next.catch(() => undefined);
  await waitFor('it waits', () => rig.phases.has('waiting') || undefined);
  stop.abort(new Error('cancelled'));
  await expect(next).rejects.toThrow('cancelled');
});

it('asks for a door of its own where another life of the agent had opened it', async () => {
  rig = await PushRig.make();
  const opened = await rig.receive(1);
  await rig.close(1);
  rig.makeMover();
  await expect(rig.transfer(1, opened)).rejects.toMatchObject({ type: 'TransferInterrupted' });
});

it('takes each push that ended well for whole, where nobody is to say so', async () => {
  rig = await PushRig.make(null as never);
  const waiting = rig.transfer(1, await rig.receive(1));
  await rig.write('page', 'one');
  expect(await rig.push()).toEqual(WELL);
  await expect(waiting).resolves.toMatchObject({ totalBytes: 3 });
});
