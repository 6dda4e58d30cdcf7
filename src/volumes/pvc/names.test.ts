import fc from 'fast-check';
import { labelsOf, labelValue, objectName } from './names';

const LABEL = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const OBJECT = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

it('gives every text a value that Kubernetes takes as a label', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (text) => {
      const value = labelValue(text);
      expect(value.length).toBeLessThanOrEqual(63);
      expect(value).toMatch(LABEL);
    }),
  );
});

it('tells two texts apart that are the same up to their last letter', () => {
  const long = 'x'.repeat(250);
  expect(labelValue(`${long}a`)).not.toBe(labelValue(`${long}b`));
  expect(labelValue('shop/mysql')).not.toBe(labelValue('shop.mysql'));
});

it('keeps what may be a label as it is', () => {
  expect(labelValue('wiki-000042')).toBe('wiki-000042');
});

it('gives every object a name that Kubernetes takes, the same for the same parts', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (parts) => {
      const name = objectName('capture', ...parts);
      expect(name.length).toBeLessThanOrEqual(63);
      expect(name).toMatch(OBJECT);
      expect(objectName('capture', ...parts)).toBe(name);
      expect(objectName('point', ...parts)).not.toBe(name);
    }),
  );
});

it('never joins parts so that others look like them', () => {
  expect(objectName('point', 'shop/a', 'b')).not.toBe(objectName('point', 'shop/a-b'));
});

it('labels what it makes with whose it is, and looks for it by the same', () => {
  expect(labelsOf({ agent: 'east', role: 'capture', volume: 'shop/mysql' })).toEqual({
    'app.kubernetes.io/managed-by': 'tidemark',
    'tidemark.dev/agent': 'east',
    'tidemark.dev/role': 'capture',
    'tidemark.dev/volume': labelValue('shop/mysql'),
  });
});
