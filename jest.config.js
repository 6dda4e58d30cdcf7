/** @type {import('jest').Config} */
const swc = [
  '@swc/jest',
  { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' },
];
const swcPlain = [
  '@swc/jest',
  { jsc: { target: 'es2024', parser: { syntax: 'ecmascript' } }, sourceMaps: 'inline' },
];
// ES modules alone, or such as import dynamically: Node takes them as they are, Jest must translate them. From @kubernetes on,
// the client and what it imports.
const MODULES = [
  ...['kysely', 'cookie', '@electric-sql'],
  ...['@kubernetes', 'openid-client', 'oauth4webapi', 'jose', 'socks-proxy-agent', 'agent-base'],
].join('|');
// Of the workers, which take it over: with a smaller place for what is young they are 160 MB large instead of 250 after a suite.
process.execArgv.push('--max-semi-space-size=2');
module.exports = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': swc, [`/node_modules/(${MODULES})/.+\\.c?js$`]: swcPlain },
  // The page's alone: as ES modules they end in .mjs, which Jest never translates.
  moduleNameMapper: { '^d3-(array|time)$': '<rootDir>/node_modules/d3-$1/dist/d3-$1.js' },
  transformIgnorePatterns: [`/node_modules/(?!(${MODULES})/)`],
  testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  // What needs clusters of its own, and long: `npm run chaos` alone.
  testPathIgnorePatterns: process.env.TIDEMARK_CHAOS_CLUSTERS ? [] : ['<rootDir>/test/chaos/kubernetes/'],
  testSequencer: '<rootDir>/test/slowest-first.cjs',
  testTimeout: 300_000,
  // Tests of real processes mostly wait, for a heartbeat that stays away or a tick; Jest's own choice on two cores is one.
  maxWorkers: 4,
  // What suites leave behind in a worker makes each program that it starts dearer, since fork copies its page tables: the same
  // suite of the conformance takes 9 s of processor time in a new worker, 13 s in one of 550 MB. A new one takes 0.3 s. Of the
  // heap in use; the process is three to five times as large.
  workerIdleMemoryLimit: '45MB',
};
