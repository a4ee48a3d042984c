import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import { forbidden } from './floor.js';

export default ts.config(
  { ignores: ['build/', '.svelte-kit/', 'node_modules/', 'src/lib/paraglide/', 'src/lib/api/schema.ts'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    rules: {
      // Type checking does this, and knows the ambient names.
      'no-undef': 'off',
      'max-lines': ['error', { max: 400 }],
      eqeqeq: 'error',
      'no-restricted-properties': ['error', ...forbidden],
      'no-restricted-globals': ['error', 'requestIdleCallback', 'scheduler', 'Iterator', 'Temporal'],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Literal[value=/\\((width|height)\\s*[<>]/]',
          message: 'Ranges in media queries are newer than the browsers we serve: use min-width.',
        },
        { selector: 'Literal[regex.flags=/v/]', message: 'The v flag is newer than the browsers we serve.' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // The app is served from the root of its own origin.
      'svelte/no-navigation-without-resolve': 'off',
      // State is replaced, not mutated; dates, maps and sets made for one computation need no signals.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
);
