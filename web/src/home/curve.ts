// Where the points of a week's curve lie on a drawing of 360 by 190. Pure. A gap in time is a gap in the line, and a day
// goes from midnight to midnight by the clock on the wall.

import type { Series } from "../api/types";
import type { Shown } from "../clinical/kinds";
import { day } from "../clinical/time";
import { days, instant } from "../patient/charts/wallclock";

export const [LEFT, RIGHT, TOP, BOTTOM] = [50, 352, 30, 164];
/** With letters nearly twice as large. */
const [LARGE_LEFT, LARGE_TOP] = [84, 62];
const DAY_MS = 86_400_000;
const DAYS = 7;
/** A name every day, or every second one where the letters are large. */
const LARGE_EVERY = 2;
/** What is drawn of a weight, in kg around it: two of them are news, and are nothing on a drawing of everybody's. */
const WEIGHT_AROUND = 3;

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  /** Runs of points that belong together, as SVG writes them. */
  readonly lines: readonly string[];
  /** Points that stand alone. */
  readonly dots: readonly Point[];
  readonly marks: readonly { readonly value: number; readonly y: number }[];
  readonly left: number;
  readonly top: number;
  readonly midnights: readonly number[];
  /** Where the name of a day stands, in the middle of it. */
  readonly days: readonly { readonly at: number; readonly x: number }[];
}

export function layout(series: Series, shown: Shown, now: number, large = false): Layout {
  const [left, top] = large ? [LARGE_LEFT, LARGE_TOP] : [LEFT, TOP];
  const from = instant(day(now - (DAYS - 1) * DAY_MS), 0);
  const until = instant(day(instant(day(now), 720) + DAY_MS), 0);
  const means = series.mean ?? [];
  const [least, most] = usual(series, shown);
  const low = Math.min(least, ...means);
  const high = Math.max(most, ...means);
  const names = days(from, now).map((date) => instant(date, 720));
  const round = (value: number): number => Math.round(value * 10) / 10;
  const x = (at: number): number => round(left + ((at - from) / (until - from)) * (RIGHT - left));
  const y = (value: number): number => round(BOTTOM - ((value - low) / (high - low)) * (BOTTOM - top));
  const found = runs(series, from, now).map((run) => run.map(([at, value]) => ({ x: x(at), y: y(value) })));
  return {
    lines: found.filter((run) => run.length > 1).map((run) => run.map((point) => `${String(point.x)},${String(point.y)}`).join(" ")),
    dots: found.flatMap((run) => (run.length === 1 ? run : [])),
    marks: [low, (low + high) / 2, high].map((value) => ({ value, y: y(value) })),
    left,
    top,
    midnights: [...days(from, now).map((date) => x(instant(date, 0))), RIGHT],
    days: names.filter((_, place) => !large || place % LARGE_EVERY === 0).map((at) => ({ at, x: x(at) })),
  };
}

function usual(series: Series, shown: Shown): readonly [number, number] {
  const means = series.mean ?? [];
  if (series.kind !== "weight" || means.length === 0) return [shown.low, shown.high];
  const middle = Math.round((Math.min(...means) + Math.max(...means)) / 2);
  return [middle - WEIGHT_AROUND, middle + WEIGHT_AROUND];
}

function runs(series: Series, from: number, to: number): readonly (readonly (readonly [number, number])[])[] {
  const found: [number, number][][] = [];
  let last = -Infinity;
  for (const [place, at] of series.t.entries()) {
    const value = series.mean?.[place];
    if (value === undefined || at < from || at > to) continue;
    if (at - last > series.gap_s * 1000) found.push([]);
    found.at(-1)?.push([at, value]);
    last = at;
  }
  return found;
}
