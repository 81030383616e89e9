// A value that somebody types in, looked at before it is sent: is it a number, in which unit, can it be. Pure. What is
// plausible and how units convert is the server's table (`clinical/by_hand.json`; a test compares them); the server
// decides again.

import type { Kind } from "../../api/types";
import table from "../../clinical/by_hand.json";

interface Rule {
  readonly low: number;
  readonly high: number;
  readonly units: Readonly<Record<string, readonly number[]>>;
}

const RULES = table as Readonly<Partial<Record<Kind, Rule>>>;
export const BY_HAND = Object.keys(RULES) as Kind[];
export const LEVELS = ["A", "C", "V", "P", "U"] as const;

/** A line of the form; text and unit are what is being typed. */
export interface Typed {
  readonly kind: Kind;
  text: string;
  unit: string;
}

export type Looked =
  | { readonly state: "empty" }
  | { readonly state: "fine"; readonly value: number | string; readonly canonical: number | null }
  | { readonly state: "no_number" }
  /** Outside of what can be; `fits` are units in which it could be. */
  | { readonly state: "impossible"; readonly low: number; readonly high: number; readonly fits: readonly string[] };

export const unitsOf = (kind: Kind): string[] => Object.keys(RULES[kind]?.units ?? {});

/** Returns the number that a text says, with a comma or a point; null for anything else. Never a zero for nothing. */
export function read(text: string): number | null {
  const plain = text.trim().replace(",", ".").replace("−", "-");
  return /^-?\d{1,6}(\.\d{1,4})?$/.test(plain) ? Number(plain) : null;
}

const settled = (rule: Rule, value: number, unit: string): number | null => {
  const [factor, offset] = rule.units[unit] ?? [];
  return factor === undefined || offset === undefined ? null : value * factor + offset;
};

export function look(typed: Typed): Looked {
  const rule = RULES[typed.kind];
  if (typed.text.trim() === "" || !rule) return { state: "empty" };
  if (typed.kind === "consciousness") return LEVELS.some((level) => level === typed.text) ? { state: "fine", value: typed.text, canonical: null } : { state: "no_number" };
  const value = read(typed.text);
  if (value === null) return { state: "no_number" };
  const can = (unit: string): boolean => {
    const found = settled(rule, value, unit);
    return found !== null && found >= rule.low && found <= rule.high;
  };
  if (!can(typed.unit)) return { state: "impossible", low: rule.low, high: rule.high, fits: Object.keys(rule.units).filter((unit) => unit !== typed.unit && can(unit)) };
  const [canonical] = Object.keys(rule.units);
  return { state: "fine", value, canonical: typed.unit === canonical ? null : settled(rule, value, typed.unit) };
}
