// A measured value as it is read: number and unit, or the level of consciousness in words. Pure.

import type { Language } from "../api/types";
import { CATALOGUES, type Key } from "../i18n/catalogues";
import { number, unitText } from "./kinds";

/** The level of consciousness as its letter: evidence has every value as a number. */
const ACVPU: readonly string[] = ["A", "C", "V", "P", "U"];

export function measured(kind: string, value: number | string, unit: string, language: Language): string {
  if (kind !== "consciousness") return `${number(kind, value, language)}\u00a0${unitText(unit, language)}`.trim();
  const letter = typeof value === "number" ? (ACVPU[value] ?? "–") : value;
  const word = CATALOGUES[language][`acvpu.${letter}` as Key] as string | undefined;
  return word === undefined ? letter : `${letter} – ${word}`;
}
