import js from '@eslint/js';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What workflow code, and the pure model it imports, must never reach. */
const node = [
  { regex: '^node:', message: 'Workflow code runs in a sandbox: no Node.' },
  {
    regex: '^(fs|path|os|child_process|crypto|net|http|https|stream|timers|util)(/.*)?$',
    message: 'Workflow code runs in a sandbox: no Node.',
  },
];
const drivers = {
  regex: '^[.][.]/(activities|client|volumes|movers|trees|hosts|landings|catalog|workers|cli)(/|$)',
  message: 'A workflow never knows a driver: call an activity.',
  allowTypeImports: true,
};

/** The page runs in a browser: of what lies above the model it knows the shape of what it is sent, and nothing else. */
const shapesAlone = {
  regex: '^([.][.]/)+(hosts|catalog)(/|$)',
  message: 'The page takes types from there, nothing else.',
  allowTypeImports: true,
};

/**
 * The rooms of `src`, from the lowest up: each may import those before it, and itself. Rooms on one line know nothing of
 * each other.
 */
const ROOMS = [
  ['model'],
  ['api'],
  ['hosts'],
  ['catalog', 'landings', 'trees'],
  ['client', 'movers', 'web'],
  ['volumes'],
  ['activities'],
  ['workflows'],
  ['cluster'],
  ['workers'],
  ['up'],
  ['cli'],
];

const zones = ROOMS.slice(0, -1).flatMap((rooms, level) =>
  rooms.map((room) => ({
    target: `./src/${room}`,
    from: ROOMS.slice(level)
      .flat()
      .filter((other) => other !== room)
      .map((other) => `./src/${other}`),
    message: `Imports run downwards: src/${room} does not know this.`,
  })),
);

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage', '.cache'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A contract answers promises, whether an implementation has to wait or not.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'child_process', property: 'exec', message: 'Nothing goes through a shell.' },
        { object: 'child_process', property: 'execSync', message: 'Nothing goes through a shell.' },
      ],
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: ['**/*.test.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.tsx', '.js'] })],
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
    },
  },
  {
    files: ['src/workflows/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [...node, drivers] }],
      // A handler runs as soon as it is set, where its message came with the first task: what it uses must stand by then.
      '@typescript-eslint/no-use-before-define': ['error', { functions: false, typedefs: false }],
    },
  },
  {
    files: ['src/volumes/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: 'movers/rsync/(?!(compare-trees|account)$)',
              message:
                'Kinds know rsync as what compares trees, or talks to an account: import one of these.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/movers/!(rsync)/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: 'rsync/(?!one-file$)',
              message: 'Other movers know rsync as what carries one file: import one-file.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/model/**/*.ts', 'src/api/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: node }] },
  },
  {
    files: ['src/web/**/*.ts', 'src/web/**/*.tsx'],
    ignores: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [...node, shapesAlone] }],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "JSXAttribute[name.name='dangerouslySetInnerHTML'], MemberExpression[property.name=/^(inner|outer)HTML$/]",
          message: 'Names and what tools say are shown as text.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/hosts/local/**', '**/*.test.ts', 'src/workers/**', 'src/up/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:child_process', message: 'Programs are started by a Host (src/hosts) alone.' },
          ],
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/hosts/pod/client.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...["ImportDeclaration[importKind='value']", 'ImportExpression'].map((node) => ({
          selector: `${node}[source.value='@kubernetes/client-node']`,
          message: 'It takes long to load: await loadKubernetes() of src/hosts/pod/client, or import types.',
        })),
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        module: 'writable',
        require: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
);
