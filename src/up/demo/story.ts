/** The story that the demo plays: a host is lost, another one goes on, and everything comes home. */
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClientError } from '../../client/exit-codes';
import { colors } from '../../client/text';
import type { RelationshipSummary } from '../../model/summary';
import type { Stage } from './stage';
import { findDifferences, readFiles, writeFiles } from './trees';
import type { Files } from './trees';

const NAME = 'wiki';
const LOOK_EVERY_MS = 500;
const BACK_WITHIN_MS = 60_000;

const FIRST: Files = {
  'index.md': '# A wiki\n',
  'pages/tides.md': 'The tide comes in, the tide goes out.\n',
  'pages/boats.md': 'Two boats.\n',
};

function makeSpec(stage: Stage): string {
  return `apiVersion: tidemark/v1
kind: Relationship
metadata: { name: ${NAME} }
spec:
  source: { host: alpha, directory: ${JSON.stringify(stage.data('alpha'))} }
  targets:
    - { host: beta, directory: ${JSON.stringify(stage.data('beta'))} }
`;
}

/** Plays the story on a stage; `say` takes each line of it. */
export class Story {
  private chapters = 0;
  private checked = 0;

  constructor(
    private readonly stage: Stage,
    private readonly say: (text: string) => void,
  ) {}

  /** @returns how many files were compared. @throws ClientError where something is not as it should be */
  async play(): Promise<number> {
    const synced = await this.replicate();
    const late = await this.loseAlpha();
    await this.failOver(synced);
    const written = await this.goOnAtBeta(synced);
    await this.takeAlphaBack({ ...synced, ...late }, written);
    await this.goHome(written);
    return this.checked;
  }

  private async replicate(): Promise<Files> {
    const { stage } = this;
    this.chapter('alpha has a wiki; beta is to keep a copy');
    await writeFiles(stage.data('alpha'), FIRST);
    await writeFile(join(stage.folder, 'wiki.yaml'), makeSpec(stage));
    await stage.type(['apply', '-f', 'wiki.yaml', '--wait']);
    await this.check('beta', FIRST);
    this.chapter('Somebody edits a page on alpha; a sync sends that alone');
    const changed = { 'pages/boats.md': 'Three boats.\n' };
    await writeFiles(stage.data('alpha'), changed);
    await stage.type(['sync', NAME, '--wait']);
    await this.check('beta', { ...FIRST, ...changed });
    return { ...FIRST, ...changed };
  }

  private async loseAlpha(): Promise<Files> {
    const { stage } = this;
    this.chapter('One more page is written, and before it is synced alpha is lost');
    const late = { 'pages/late.md': 'Written on alpha, a moment too late.\n' };
    await writeFiles(stage.data('alpha'), late);
    const pid = await stage.lose('alpha');
    this.say(`  the agent of alpha (process ${pid}) was killed: for everybody else, that host is gone`);
    return late;
  }

  private async failOver(synced: Files): Promise<void> {
    this.chapter('beta takes over; first it is said what that costs');
    await this.stage.type(['failover', NAME, '--yes']);
    await this.check('beta', synced);
    this.say('  the page that came too late is not here; it still lies on alpha, and is not forgotten');
  }

  private async goOnAtBeta(synced: Files): Promise<Files> {
    this.chapter('Life goes on: people write to beta');
    const fresh = { 'pages/harbour.md': 'Written on beta.\n', 'index.md': '# A wiki, by the sea\n' };
    await writeFiles(this.stage.data('beta'), fresh);
    await this.stage.type(['get']);
    return { ...synced, ...fresh };
  }

  private async takeAlphaBack(late: Files, written: Files): Promise<void> {
    const { stage } = this;
    this.chapter('alpha is back, and is told at once that it is no longer primary');
    await stage.bringBack('alpha');
    await this.untilFenced();
    await this.check('alpha', late);
    this.chapter('Both sides have changed: which is right is for people to say, so this stops');
    await stage.type(['reverse', NAME, '--yes'], 3);
    await this.check('alpha', late);
    this.chapter('beta is right; what alpha alone has is kept, and alpha becomes a copy');
    await stage.type(['reverse', NAME, '--accept-diverged', '--yes']);
    await this.check('alpha', written);
    this.chapter('The page that came too late is still to be had');
    await this.lookAtKept(late);
  }

  private async lookAtKept(late: Files): Promise<void> {
    const { stage } = this;
    const points = await stage.ask<{ id: string; diverged: boolean }[]>(['points', NAME]);
    const kept = points.find(({ diverged }) => diverged);
    if (!kept) throw new ClientError('Failed', 'what alpha alone had was not kept as a recovery point');
    const folder = join(stage.folder, 'kept');
    const to = ['--to', `alpha:${folder}`, '--yes'];
    await stage.type(['restore', NAME, '--point', kept.id, '--target', 'alpha', ...to]);
    this.compare('the point that was kept', late, await readFiles(folder));
  }

  private async goHome(written: Files): Promise<void> {
    const { stage } = this;
    this.chapter('Home again: alpha becomes the primary, and this time nothing is lost');
    const last = { 'pages/last.md': 'Written on beta just before the move.\n' };
    await writeFiles(stage.data('beta'), last);
    await stage.type(['relocate', NAME, '--target', 'alpha', '--yes']);
    await this.check('alpha', { ...written, ...last });
    this.chapter('All is as it was in the beginning: alpha is copied to beta');
    const home = { 'pages/home.md': 'Written on alpha again.\n' };
    await writeFiles(stage.data('alpha'), home);
    await stage.type(['sync', NAME, '--wait']);
    await this.check('beta', { ...written, ...last, ...home });
    await stage.type(['get']);
  }

  private chapter(title: string): void {
    this.say(`\n${colors.bold(`${++this.chapters}. ${title}`)}`);
  }

  /** A host's files are these, and no others. */
  private async check(host: string, expected: Files): Promise<void> {
    this.compare(host, expected, await readFiles(this.stage.data(host)));
  }

  private compare(what: string, expected: Files, found: Files): void {
    const differences = findDifferences(expected, found);
    if (differences.length > 0)
      throw new ClientError('Failed', `${what} does not have what it should have`, { problems: differences });
    const count = Object.keys(expected).length;
    this.checked += count;
    this.say(`  ${colors.green('checked')}: all ${count} files of ${what} are as they should be`);
  }

  private async untilFenced(): Promise<void> {
    const deadline = performance.now() + BACK_WITHIN_MS;
    for (;;) {
      const { takeover } = await this.stage.ask<RelationshipSummary>(['get', NAME]);
      if (takeover?.fenced) return;
      if (performance.now() > deadline)
        throw new ClientError('Failed', 'alpha is back, and was not told that it is no longer primary');
      await sleep(LOOK_EVERY_MS);
    }
  }
}
