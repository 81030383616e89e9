// The plan's limits in the order of the board, and whose a field is. Pure.

import type { Band, Kind } from "../../api/types";
import type { Field } from "../types";

const FIRST: readonly Kind[] = ["heart_rate", "spo2", "resp_rate", "systolic", "diastolic", "temperature"];

const BOUNDS: ReadonlySet<string> = new Set(["alert_low", "warn_low", "warn_high", "alert_high"]);

export interface LimitRow {
  readonly kind: Kind;
  readonly band: Partial<Band>;
}

/** Returns the kinds that have a band to show: one with hard bounds alone has none. */
export function limitsOf(limits: Readonly<Partial<Record<Kind, Partial<Band>>>>): LimitRow[] {
  const place = (kind: Kind): number => (FIRST.includes(kind) ? FIRST.indexOf(kind) : FIRST.length);
  const shown = ([, band]: [Kind, Partial<Band>]): boolean => Object.entries(band).some(([name, bound]) => BOUNDS.has(name) && bound !== null);
  return (Object.entries(limits) as [Kind, Partial<Band>][]).filter(shown).map(([kind, band]) => ({ kind, band })).sort((a, b) => place(a.kind) - place(b.kind));
}

/** Returns whose a field is: the team's or the patient's own; null where it is the template's. */
export function originOf(fields: readonly Field[], path: string): "team" | "patient" | null {
  const found = fields.find((field) => field.path === path);
  return found ? (found.origin === "team" ? "team" : "patient") : null;
}

/** Returns a path in words, as far as there are words: `limits.spo2.alert_low` is "Syremättnad, larm under". */
export function fieldName(path: string, word: (key: string) => string): string {
  return path
    .split(".")
    .filter((part) => part !== "limits" && part !== "limit")
    .map((part) => {
      const plain = part.replaceAll("_", " ");
      if (BOUNDS.has(part)) return word(`patient.${part}`).toLowerCase();
      return [`kind.${part}`, `watch.${part}`].map(word).find((text) => text !== plain) ?? plain;
    })
    .join(", ");
}
