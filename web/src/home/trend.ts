// Own values over a week, in words: how the last day was, against the days before. Pure; it judges nothing.

import type { Kind, Series } from "../api/types";

export type Against = "like" | "higher" | "lower" | "alone";

export interface Trend {
  readonly kind: Kind;
  /** The mean of the last day, and of the days before it; null where nothing was measured then. */
  readonly recent: number | null;
  readonly before: number | null;
  readonly against: Against;
}

const DAY_MS = 86_400_000;
// Differences that are no news, in the kind's unit: about what the same person's values differ by from day to day.
const LIKE: Partial<Readonly<Record<Kind, number>>> = {
  heart_rate: 6,
  resp_rate: 2,
  spo2: 1.5,
  systolic: 10,
  diastolic: 8,
  temperature: 0.4,
  weight: 0.7,
  glucose: 1.5,
  peak_flow: 25,
  pain: 1,
};

export function trend(series: Series, now: number): Trend {
  const recent = mean(series, now - DAY_MS, now);
  const before = mean(series, now - 7 * DAY_MS, now - DAY_MS);
  return { kind: series.kind, recent, before, against: against(series.kind, recent, before) };
}

function against(kind: Kind, recent: number | null, before: number | null): Against {
  if (recent === null || before === null) return "alone";
  const more = recent - before;
  if (Math.abs(more) <= (LIKE[kind] ?? Math.abs(before) * 0.1)) return "like";
  return more > 0 ? "higher" : "lower";
}

/** Returns the mean of what was measured in [from, to); hours count by how much was measured in them. */
function mean(series: Series, from: number, to: number): number | null {
  let [sum, count] = [0, 0];
  for (const [place, at] of series.t.entries()) {
    const [value, many] = [series.mean?.[place], series.count?.[place]];
    if (at < from || at >= to || value === undefined || many === undefined) continue;
    sum += value * many;
    count += many;
  }
  return count === 0 ? null : sum / count;
}
