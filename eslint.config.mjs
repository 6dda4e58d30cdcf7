import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What workflow code, and the pure model it imports, must never reach. */
const outsideTheSandbox = {
  patterns: [
    { regex: '^node:', message: 'Workflow code runs in a sandbox: no Node.' },
    {
      regex: '^(fs|path|os|child_process|crypto|net|http|https|stream|timers|util)(/.*)?$',
      message: 'Workflow code runs in a sandbox: no Node.',
    },
    {
      regex: '/(volumes|movers|hosts|landings|catalog|workers|cli)/',
      message: 'A workflow never knows a driver: call an activity.',
      allowTypeImports: true,
    },
  ],
};

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
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
    files: ['src/workflows/**/*.ts', 'src/model/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', outsideTheSandbox] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/hosts/local/**', '**/*.test.ts', 'src/workers/**'],
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
