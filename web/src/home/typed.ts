// What a patient types as a value: read with a comma or a point, and held against the plausible range. Pure.
// Nothing missing becomes a zero, and what is not understood is not guessed.

import type { Kind } from "../api/types";
import type { Typable } from "./api";

/** What is entered together: the two of a blood pressure, else one kind alone. */
export const SETS: readonly (readonly Kind[])[] = [
  ["systolic", "diastolic"],
  ["spo2"],
  ["heart_rate"],
  ["temperature"],
  ["weight"],
  ["resp_rate"],
  ["glucose"],
  ["peak_flow"],
  ["oxygen_flow"],
  ["pain"],
];

export type Fault = "empty" | "number" | "low" | "high" | "order";
export type Checked = { readonly value: number } | { readonly fault: Fault };

/** Returns the number of a text such as `38,5`, `38.5` or ` 120 `; null where it is none. */
export function number(text: string): number | null {
  const plain = text.replace(/\s/g, "").replace(",", ".");
  return /^\d+(\.\d*)?$/.test(plain) ? Number(plain) : null;
}

export function check(kind: Typable, text: string): Checked {
  if (text.trim() === "") return { fault: "empty" };
  const value = number(text);
  if (value === null) return { fault: "number" };
  if (value < kind.low) return { fault: "low" };
  return value > kind.high ? { fault: "high" } : { value };
}

/** Says whether the upper pressure is above the lower one; true for everything else. */
export function ordered(values: ReadonlyMap<Kind, number>): boolean {
  const [upper, lower] = [values.get("systolic"), values.get("diastolic")];
  return upper === undefined || lower === undefined || upper > lower;
}
