// A measured value as it is read: number and unit, or the level of consciousness in words. In the language of the page.

import { words } from "../i18n/words.svelte";
import { number, unitText } from "./kinds";

/** The level of consciousness as its letter: evidence has every value as a number. */
const ACVPU: readonly string[] = ["A", "C", "V", "P", "U"];

export function measured(kind: string, value: number | string, unit: string): string {
  if (kind !== "consciousness") return `${number(kind, value, words.language)} ${unitText(unit, words.language)}`.trim();
  const letter = typeof value === "number" ? (ACVPU[value] ?? "–") : value;
  return letter === "–" ? letter : `${letter} – ${words.maybe(`acvpu.${letter}`)}`;
}
