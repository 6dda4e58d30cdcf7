import { makeStatus } from '../../../test/support/model/status';
import { type RelationshipSummary, summarize } from '../../model/summary';
import { type Box, fitText, layoutDrawing, MOST_DRAWN } from './drawing';

function summaryOf(targets: number, more: Partial<RelationshipSummary> = {}): RelationshipSummary {
  const hosts = Array.from({ length: targets }, (_, index) => ({ host: `host-${index}`, directory: '/srv' }));
  return { ...summarize(makeStatus('wiki', { targets: hosts }), 0), ...more };
}

const isApart = (one: Box, other: Box) =>
  one.x + one.width <= other.x ||
  other.x + other.width <= one.x ||
  one.y + one.height <= other.y ||
  other.y + other.height <= one.y;

test.each([320, 390, 559, 560, 800, 1400])(
  'at %i pixels all boxes lie in the drawing, and apart',
  (width) => {
    for (const count of [1, 2, 8, 40]) {
      const drawing = layoutDrawing(summaryOf(count), width);
      const boxes = [drawing.source, ...drawing.targets.map(({ box }) => box)];
      for (const [index, box] of boxes.entries()) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(width);
        expect(box.y + box.height).toBeLessThanOrEqual(drawing.height);
        for (const other of boxes.slice(index + 1)) expect(isApart(box, other)).toBe(true);
      }
      expect(drawing.targets.length + drawing.hidden).toBe(count);
      expect(drawing.targets.length).toBeLessThanOrEqual(MOST_DRAWN);
    }
  },
);

test('of many targets the worst are drawn', () => {
  const summary = summaryOf(20);
  const targets = summary.targets.map((target, index) => ({
    ...target,
    status: index === 15 ? ('down' as const) : ('up' as const),
  }));
  const drawing = layoutDrawing({ ...summary, targets }, 800);
  expect(drawing.targets[0]?.target.name).toBe('host-15');
});

test('nothing comes through to one that was never synced; where it syncs, something moves', () => {
  const summary = summaryOf(1);
  const [target] = summary.targets;
  if (!target) throw new Error('it has a target');
  expect(layoutDrawing(summary, 800).targets[0]?.flow).toBe('broken');
  const targets = [{ ...target, status: 'up' as const, result: 'succeeded' as const }];
  expect(layoutDrawing({ ...summary, targets, phase: 'Idle' }, 800).targets[0]?.flow).toBe('calm');
  expect(layoutDrawing({ ...summary, targets, phase: 'Syncing' }, 800).targets[0]?.flow).toBe('moving');
});

test('text that is too long loses its middle', () => {
  expect(fitText('/srv/some/long/path/wiki', 70, 7)).toBe('/srv…/wiki');
  expect(fitText('short', 70, 7)).toBe('short');
});
