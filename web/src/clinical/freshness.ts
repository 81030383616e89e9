// How old a value is, and whether it may still be shown as a value. Pure. The age counts from the worse of when it was
// measured and when it came: a gateway that stamps old values anew, or sends them late, makes nothing look fresh.

import type { Validity, Vital } from "../api/types";

export type Freshness = "fresh" | "ageing" | "stale";

/** Returns the age in seconds at `nowMs`, never negative: a clock that runs ahead makes nothing younger than new. */
export function ageS(vital: Pick<Vital, "measured_at" | "received_at">, nowMs: number): number {
  const oldest = Math.min(Date.parse(vital.measured_at), Date.parse(vital.received_at));
  return Number.isNaN(oldest) ? Infinity : Math.max(0, (nowMs - oldest) / 1000);
}

export function freshness(vital: Pick<Vital, "measured_at" | "received_at" | "ageing_s" | "stale_s">, nowMs: number): Freshness {
  const age = ageS(vital, nowMs);
  if (!(age < vital.stale_s)) return "stale";
  return age < vital.ageing_s ? "fresh" : "ageing";
}

const SHOWN: ReadonlySet<Validity> = new Set(["vld", "vldated", "qst", "ong", "oflw", "uflw"]);
const DOUBTFUL: ReadonlySet<Validity> = new Set(["qst", "oflw", "uflw"]);

/** Says whether a value counts as a value at all; invalid or unavailable ones are shown as missing. */
export function usable(vital: Vital): boolean {
  return SHOWN.has(vital.validity);
}

/** Says whether a value is shown with "check" beside it: questionable, or outside what is plausible. */
export function doubtful(vital: Vital): boolean {
  return DOUBTFUL.has(vital.validity);
}
