// What there is to do for the patient today: questions without an answer, values that are due. Pure.

import type { Kind } from "../api/types";
import type { Due } from "./api";
import type { Entry } from "./outbox";
import { SETS } from "./typed";

export interface Measure {
  readonly kinds: readonly Kind[];
  readonly due: string;
  readonly now: boolean;
  /** Entered on this page, on its way. */
  readonly entered: boolean;
}

/** Returns what the patient is to measure, what is due first; one line for what is entered together. */
export function measures(due: readonly Due[], entries: readonly Entry[]): readonly Measure[] {
  const typed = new Set(entries.flatMap((each) => (each.kind === "readings" && each.refused === null ? each.body.values.map((value) => value.kind) : [])));
  return due
    .filter((each) => each.by === "patient")
    .map((each) => {
      const kind = each.kind as Kind;
      return { kinds: SETS.find((set) => set.includes(kind)) ?? [kind], due: each.due_at, now: each.overdue, entered: typed.has(kind) };
    });
}
