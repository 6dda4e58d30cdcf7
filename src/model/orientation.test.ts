import fc from 'fast-check';
import { arbitraryRelationship } from '../../test/support/model/arbitrary-relationship';
import { targetName, volumePath } from './endpoints';
import { orient, primaryAfter, primaryName, sourceName } from './orientation';
import { makeDocument } from '../../test/support/model/records';
import type { Relationship, SourceSpec, TargetSpec } from './spec';

const place = (end: SourceSpec | TargetSpec) => `${end.host}:${volumePath(end)}`;
const places = ({ spec }: Relationship) => [spec.source, ...spec.targets].map(place).toSorted();
const names = ({ spec }: Relationship) => spec.targets.map(targetName);

/** A document, and one of its targets. */
const withTarget = arbitraryRelationship.chain((document) =>
  fc.record({ document: fc.constant(document), target: fc.constantFrom(...names(document)) }),
);

test('the target is where the data is written, and the source takes its place; nothing is lost or doubled', () => {
  fc.assert(
    fc.property(withTarget, ({ document, target }) => {
      const turned = orient(document, target);
      const index = names(document).indexOf(target);
      expect(place(turned.spec.source)).toBe(place(document.spec.targets[index] ?? document.spec.source));
      expect(place(turned.spec.targets[index] ?? turned.spec.source)).toBe(place(document.spec.source));
      const promises = (each: Relationship) => {
        const { class: ofClass, schedule, rpo, retain } = each.spec.targets[index] ?? {};
        return { ofClass, schedule, rpo, retain };
      };
      expect(promises(turned)).toEqual(promises(document));
      expect(turned.spec.source.pinLimit).toEqual(document.spec.source.pinLimit);
      expect(places(turned)).toEqual(places(document));
      expect(new Set(names(turned)).size).toBe(document.spec.targets.length);
    }),
  );
});

test('everything but the endpoints stays as the user wrote it', () => {
  fc.assert(
    fc.property(withTarget, ({ document, target }) => {
      const { source, targets } = document.spec;
      const turned = orient(document, target);
      expect({ ...turned, spec: { ...turned.spec, source, targets } }).toEqual(document);
    }),
  );
});

test('promoted again, the old source is the source: the document itself holds', () => {
  fc.assert(
    fc.property(withTarget, ({ document, target }) => {
      const turned = orient(document, target);
      const former = primaryName(document, undefined);
      expect(names(turned)).toContain(former);
      expect(orient(document, primaryAfter(document, former))).toBe(document);
      expect(places(orient(turned, former))).toEqual(places(document));
      expect(place(orient(turned, former).spec.source)).toBe(place(document.spec.source));
    }),
  );
});

test('however often the primary moves on, it goes where it was sent, and all endpoints stay', () => {
  fc.assert(
    fc.property(arbitraryRelationship, fc.array(fc.nat(), { maxLength: 8 }), (document, choices) => {
      let primary: string | undefined;
      for (const choice of choices) {
        const now = orient(document, primary);
        const chosen = now.spec.targets[choice % now.spec.targets.length];
        if (!chosen) continue;
        const former = primaryName(document, primary);
        primary = primaryAfter(document, targetName(chosen));
        const next = orient(document, primary);
        expect(place(next.spec.source)).toBe(place(chosen));
        expect(names(next)).toContain(former);
        expect(places(next)).toEqual(places(document));
      }
    }),
  );
});

test('who is no target is no primary', () => {
  fc.assert(
    fc.property(arbitraryRelationship, (document) => {
      expect(orient(document, undefined)).toBe(document);
      expect(orient(document, 'nobody-is-called-so')).toBe(document);
      expect(primaryAfter(document, sourceName(document))).toBeUndefined();
    }),
  );
});

test('the source has a name of its own among the targets, whatever they are called', () => {
  const someNames = fc.uniqueArray(
    fc.constantFrom('alpha', 'alpha-source', 'source', 'alpha-source-2', 'alpha-source-3', 'beta'),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(someNames, (taken) => {
      const document = makeDocument('wiki', {
        targets: taken.map((name) => ({ host: 'beta', directory: `/srv/${name}`, name })),
      });
      expect(sourceName(document)).toMatch(/^(alpha|source)/);
      expect(taken).not.toContain(sourceName(document));
      for (const target of taken) {
        const turned = orient(document, target);
        expect(new Set(names(turned)).size).toBe(taken.length);
        expect(orient(document, primaryAfter(document, sourceName(document)))).toBe(document);
      }
    }),
  );
});
