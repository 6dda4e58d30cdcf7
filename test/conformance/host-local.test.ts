import { makeLocalHost } from '../../src/hosts/local';
import { describeHost } from './host-suite';

describeHost({
  title: 'the local host',
  make: async (home) => makeLocalHost({ name: 'alpha', home }),
  where: () => ({ kind: 'local' }),
});
