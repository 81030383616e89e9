// What a summary of the values rests on: of each value whether it is of now, old, left out as too old, or not there. Pure.

import { freshness } from "../clinical/freshness";
import type { Rest, Score } from "./api";

export type Standing = "now" | "old" | "left_out" | "none";

export function standing(rest: Rest, nowMs: number): Standing {
  const { measured_at, received_at } = rest;
  if (measured_at === null || received_at === null) return "none";
  if (!rest.counted) return "left_out";
  return freshness({ ...rest, measured_at, received_at }, nowMs) === "fresh" ? "now" : "old";
}

/** Returns a summary that tells its ages; one that was kept by an older page does not, and is not shown. */
export const dated = (score: Score | null | undefined): Score | null => (score && "rests_on" in score ? score : null);

/** Says whether a summary must not be read as of now: something that it counts is old. */
export const aged = (rests: readonly Rest[], nowMs: number): boolean => rests.some((each) => standing(each, nowMs) === "old");
