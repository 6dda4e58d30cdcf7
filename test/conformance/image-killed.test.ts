/** Images survive an agent that is killed after any of its commands, again and again. */
import { Mortality } from '../support/hosts/mortal-host';
import { ImageRig } from '../support/rigs/image-rig';
import { BLOG, type ImageStore, OWN, WIKI } from '../support/storage/image-stores';

const NEWS = 'registry.example/team/news:v1';
/** More than any sync takes. */
const ENOUGH = 200;
/** Of its commands; `TIDEMARK_KILL_EVERY=1` dies after each of them. */
const EVERY = Number(process.env.TIDEMARK_KILL_EVERY ?? 3);

let source: ImageStore;
let target: ImageStore;
let rig: ImageRig;

beforeEach(async () => {
  rig = await ImageRig.between('podman', 'podman');
  ({ from: source, to: target } = rig);
});
afterEach(() => rig.dispose());

it('a sync whose agents are killed after any command of it ends as one that was not', async () => {
  const own = await target.add(OWN, ['own'], { bytes: 5000 });
  const old = await source.add(WIKI, ['base', 'wiki'], { bytes: 5000 });
  await source.add(BLOG, ['base', 'blog'], { bytes: 5000 });
  const { point } = await rig.sync();
  const before = await target.userNames();
  await source.remove(WIKI);
  await source.remove(BLOG);
  const fresh = await source.add(WIKI, ['base', 'wiki 2'], { bytes: 5000 });
  const news = await source.add(NEWS, ['news'], { bytes: 5000 });
  const after = { [OWN]: own, [WIKI]: fresh, [NEWS]: news };
  rig.next();
  const [alive, other] = [rig.source, rig.target];
  let survived = 0;
  for (let steps = 1; steps < ENOUGH; steps += EVERY) {
    const mortality = new Mortality(steps);
    rig.source = mortality.wrap(alive);
    rig.target = mortality.wrap(other);
    const error = await rig.attempt({ retain: 5 }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    [rig.source, rig.target] = [alive, other];
    await rig.close();
    if (!mortality.isDead) {
      expect(error).toBeUndefined();
      survived = steps;
      break;
    }
    // Each name stands for what it was or what it becomes, and others' for what they are.
    for (const [name, id] of Object.entries(await target.userNames()))
      expect([before[name], (after as Record<string, string>)[name]]).toContain(id);
    expect((await target.userNames())[OWN]).toBe(own);
  }
  expect(survived).toBeGreaterThan(20);
  expect(await target.userNames()).toEqual(after);
  expect(await target.ids()).toContain(old);
  expect((await rig.points()).map(({ id, diverged }) => [id, diverged])).toEqual([
    ['point-000001', undefined],
    ['point-000002', undefined],
  ]);
  expect((await rig.verify(point)).unexplained).toBe(0);
  expect(Object.keys(await source.names()).sort()).toEqual([NEWS, WIKI]);
  await rig.prune(['point-000001']);
  expect(await target.ids()).toEqual([own, fresh, news].sort());
}, 900_000);
