/** What an account takes and keeps, found out by trying: a file with all that files may have goes there, and comes back. */
import { join } from 'node:path';
import { z } from 'zod';
import type { ErrorType } from '../../model/errors';
import { type AttributeSpace, isRoot, type Keeps, timeStepOf } from '../../model/keeps';
import { STATE_FOLDER } from '../../model/paths';
import type { RunResult } from '../../hosts/contract';
import { type RefusedOption, REFUSABLE } from '../../movers/reach';
import { runRsyncThere, there } from '../../movers/rsync/account';
import { explain, type Peer, runChecked } from './line';
import { givesNothingBack, keepsOurs, outgoing, pushOurs } from './ours';
import { isForeign, makeProbes, PROBE, PROBE_DEVICE, PROBE_FIFO, readProbe } from './probe';

const SPACES = ['user', 'trusted', 'security', 'acl'] as const satisfies readonly AttributeSpace[];

export const TrialSchema = z.object({
  epoch: z.int(),
  at: z.string(),
  keeps: z.object({
    uid: z.number(),
    gids: z.array(z.number()),
    lacks: z.array(z.enum(SPACES)),
    timeStepNs: z.number(),
  }),
  refused: z.array(z.enum(REFUSABLE)),
});
/** What was found, in which epoch, and when. */
export type Trial = z.output<typeof TrialSchema>;

type Found = Pick<Trial, 'keeps' | 'refused'>;

/** The last user and group that there can be, of whom no file is: then every file's owner counts as not kept. */
const NOBODY_KNOWS = 2 ** 32 - 2;
const SECOND_NS = 1_000_000_000;

/** What accounts keep as a rule, where nothing comes back that would tell: root what it is sent, others their own. */
export function assumeKeeps({ line }: Pick<Peer, 'line'>): Keeps {
  const id = line.landing.user === 'root' ? 0 : NOBODY_KNOWS;
  return { uid: id, gids: [id], lacks: [], timeStepNs: 1 };
}

/** VolSync's two ends are told alike whether they may be root: what we are there, they are taken for. */
async function assumeAlike(peer: Peer): Promise<Keeps> {
  const { landing, runner } = peer.line;
  if (!landing.account?.isTls) return assumeKeeps(peer);
  const id = (await runner.run(['id', '-u'])).stdout.toString().trim() === '0' ? 0 : NOBODY_KNOWS;
  return { ...assumeKeeps(peer), uid: id, gids: [id] };
}

/** Letters of which an rsync says by their names that it does not know them. */
const NAMED = {
  '--no-acls': /\bACLs? |set_acl|sys_acl/i,
  '--no-xattrs': /extended attribute|xattr|xal_set/i,
} as const;
type Named = keyof typeof NAMED;
const ALL_NAMED = Object.keys(NAMED) as Named[];

/** What rsync there said that it doesn't take; where it names nothing, all that it may mean. Pure. */
export function refusedBy({ stderr }: Pick<RunResult, 'stderr'>): Named[] {
  const named = ALL_NAMED.filter((option) => NAMED[option].test(stderr));
  return named.length > 0 ? named : ALL_NAMED;
}

/** rsync's exit codes where what it was asked for is not known there, or not allowed. */
const NOT_TAKEN = [1, 2, 4, 5, 12];
const BROKEN: readonly ErrorType[] = ['HostUnreachable', 'TransferInterrupted', 'HostKeyMismatch'];
/** Where it did not do everything. */
const PARTIAL = 23;

/** All that a file may have, but for what is refused. */
const everything = (refused: readonly RefusedOption[]) => [
  ...['--owner', '--group', '--devices', '--specials', '--numeric-ids', '--acls', '--xattrs'],
  ...refused,
];

/** Sends what was staged, with all that rsync there takes. @throws TidemarkError where it takes nothing */
async function pushWithAll(peer: Peer): Promise<RefusedOption[]> {
  const refused = new Set<Named>();
  for (;;) {
    const ended = await runRsyncThere(
      peer.line,
      pushOurs(peer, ['--ignore-times', ...everything([...refused])]),
    );
    // Where some could not be given all of theirs, that is a matter of the filesystem, and seen by what comes back.
    const isTaken =
      ended.exitCode === 0 || (ended.exitCode === PARTIAL && lacksAttributesAlone(ended.stderr));
    if (isTaken) return [...refused];
    const error = await explain(peer, ended);
    const more = refusedBy(ended).filter((option) => !refused.has(option));
    // What broke, or never got there, was not refused.
    const isRefused = NOT_TAKEN.includes(ended.exitCode) && !BROKEN.includes(error.type);
    if (!isRefused || more.length === 0) throw error;
    more.forEach((option) => refused.add(option));
  }
}

/** All that failed is attributes and ACLs, which the filesystem there lacks. Pure. */
export function lacksAttributesAlone(stderr: string): boolean {
  const lines = stderr.split('\n').filter((line) => /^rsync: /.test(line));
  return (
    lines.length > 0 && lines.every((line) => Object.values(NAMED).some((pattern) => pattern.test(line)))
  );
}

/** What a dry pass says that it would do again, right after it was done. Pure. */
export function readAgain(output: string): { isExact: boolean; refused: RefusedOption[] } {
  const isMissing = (name: string) =>
    new RegExp(`^(c[DS]|skipping non-regular file ).*/${name}"?$`, 'm').test(output);
  return {
    isExact: !new RegExp(`^[<>c.]f.* .*/${PROBE}$`, 'm').test(output),
    refused: [
      ...(isMissing(PROBE_DEVICE) ? (['--no-devices'] as const) : []),
      ...(isMissing(PROBE_FIFO) ? (['--no-specials'] as const) : []),
    ],
  };
}

/** Whether rsync there has made all that was sent, and compares times to the nanosecond. */
async function pushAgain(peer: Peer, refused: readonly RefusedOption[]) {
  const exactly = ['--dry-run', '--out-format=%i %n', '--remote-option=--modify-window=-1'];
  const { stdout, stderr } = await runChecked(peer, pushOurs(peer, [...everything(refused), ...exactly]));
  return readAgain(`${stdout.toString()}\n${stderr}`);
}

/** What came back, beside what was sent; undefined where nothing comes back. */
async function compareProbes(peer: Peer, refused: readonly RefusedOption[]): Promise<Keeps | undefined> {
  const { line } = peer;
  const host = line.runner;
  const into = join(line.folder, 'in');
  await host.files.remove(into);
  await host.files.mkdir(into, 0o700);
  const from = there(line.landing, `${STATE_FOLDER}/${PROBE}`);
  const ended = await runRsyncThere(line, ['-rpt', ...everything(refused), '--', from, `${into}/`]);
  if (ended.exitCode !== 0 && givesNothingBack(ended)) return undefined;
  if (ended.exitCode !== 0 && ended.exitCode !== PARTIAL) throw await explain(peer, ended);
  const [sent, back] = await Promise.all([
    readProbe(host, join(outgoing(peer), STATE_FOLDER, PROBE)),
    readProbe(host, join(into, PROBE)),
  ]);
  if (!sent || !back) return undefined;
  const assumed = assumeKeeps(peer);
  // An agent that is not root itself makes all that it reads its own.
  const uid = !isForeign(sent) ? assumed.uid : isForeign(back) ? 0 : back.uid;
  const lacks = sent.has.filter((space) => !back.has.includes(space));
  const gids = [uid === back.uid ? back.gid : uid];
  return { uid, gids, lacks, timeStepNs: timeStepOf(back.mtime) };
}

/** Tries the account. What was staged has to be sent again afterwards, without the probe. */
export async function tryAccount(peer: Peer): Promise<Found> {
  if (!keepsOurs(peer)) return { keeps: await assumeAlike(peer), refused: [] };
  await makeProbes(peer.line.runner, join(outgoing(peer), STATE_FOLDER));
  const letters = await pushWithAll(peer);
  const again = await pushAgain(peer, letters);
  const found = (await compareProbes(peer, letters)) ?? assumeKeeps(peer);
  const timeStepNs = again.isExact ? 1 : Math.max(SECOND_NS, found.timeStepNs);
  const keeps = withRefused({ ...found, timeStepNs }, letters);
  // Others than root make no devices, wherever they are: that is told by who they are.
  const refused = [...letters, ...again.refused].filter((each) => isRoot(keeps) || each !== '--no-devices');
  return { keeps, refused };
}

/** What is not sent is not kept. */
function withRefused(keeps: Keeps, refused: readonly RefusedOption[]): Keeps {
  const lacks = new Set(keeps.lacks);
  if (refused.includes('--no-acls')) lacks.add('acl');
  if (refused.includes('--no-xattrs')) {
    lacks.add('user');
    if (isRoot(keeps)) lacks.add('trusted').add('security');
  }
  return { ...keeps, lacks: [...lacks] };
}
