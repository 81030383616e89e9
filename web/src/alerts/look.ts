// How an alert looks and is called: a level, a word, stars and a shape each, so that nothing hangs on colour.

import type { Alert, Kind, Language } from "../api/types";
import type { Key } from "../i18n/catalogues";
import { joined } from "../i18n/units";

export type Level = "high" | "medium" | "low" | "technical";

export const level = (alert: Pick<Alert, "family" | "priority">): Level =>
  alert.family === "technical" ? "technical" : alert.priority;

export const STARS: Readonly<Record<Level, string>> = { high: "***", medium: "**", low: "*", technical: "?" };
export const WORD: Readonly<Record<Level, Key>> = {
  high: "priority.high",
  medium: "priority.medium",
  low: "priority.low",
  technical: "priority.technical",
};

/** Returns the kind of value that a rule is about, null for rules about more or none. */
export function kindOf(rule: string): Kind | null {
  const found = /^(?:limit|nodata|check)\.([a-z0-9_]+?)(?:\.(?:low|high))?$/.exec(rule)?.[1];
  return (found as Kind | undefined) ?? null;
}

/** Returns what was written of an alert or of what happened to it in the reader's language, no number without its unit on its line. */
export const textOf = (of: { readonly text_sv: string; readonly text_en: string }, language: Language): string => joined(language === "sv" ? of.text_sv : of.text_en);
