import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist/", "node_modules/", "src/api/schema.ts"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: globals.browser } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
  },
  // The type checker knows undefined names better than this rule does.
  { files: ["**/*.ts", "**/*.svelte"], rules: { "no-undef": "off" } },
  // There is no SvelteKit here whose resolve() could be used for addresses.
  { rules: { "svelte/no-navigation-without-resolve": "off" } },
  // Maps here are built anew and replaced whole; nobody watches one that changes.
  { rules: { "svelte/prefer-svelte-reactivity": "off" } },
);
