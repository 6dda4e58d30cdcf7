import { RelationshipSchema } from './spec';
import {
  operationSummary,
  relationshipDetails,
  relationshipSummary,
  scheduleNote,
  toSummary,
} from './static-texts';

function makeDocument(directory: string) {
  return RelationshipSchema.parse({
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: { name: 'wiki' },
    spec: {
      source: { host: 'alpha', directory },
      targets: [
        { host: 'beta', directory: '/srv/wiki' },
        { host: 'gamma', name: 'far', directory: '/srv/wiki' },
      ],
    },
  });
}

test('a summary fits what Temporal accepts, whatever path is in it', () => {
  for (const letter of ['a', 'é', '漢', '🐟']) {
    const summary = relationshipSummary(makeDocument(`/${letter.repeat(4000)}`));
    expect(Buffer.byteLength(JSON.stringify(summary))).toBeLessThan(380);
  }
  expect(toSummary('Look at\nbeta')).toBe('Look at beta');
});

test('a summary says what is kept where', () => {
  expect(relationshipSummary(makeDocument('/srv/wiki'))).toBe(
    'Made to keep alpha:/srv/wiki copied to beta, gamma',
  );
});

test('an operation says why it runs, and for whom where it is not for all', () => {
  expect(operationSummary('sync', 'wiki', 'retry', ['beta'])).toBe(
    'Sync wiki: again, after one that failed, to beta alone',
  );
  expect(operationSummary('verify', 'wiki', 'request')).toBe('Verify wiki');
});

test('the note of a Schedule says what it does, and how it is changed', () => {
  expect(scheduleNote(makeDocument('/srv/wiki'), false)).toBe(
    'Syncs alpha:/srv/wiki to beta, far. Kept in step with the spec: change it with tidemark apply, stop it with tidemark pause wiki',
  );
  expect(scheduleNote(makeDocument('/srv/wiki'), true)).toContain('tidemark resume wiki');
});

test('the details name every signal', () => {
  const details = relationshipDetails('wiki');
  for (const signal of ['sync', 'verify', 'pause', 'resume', 'approve', 'retire']) {
    expect(details).toContain(`\`${signal}\``);
  }
});
