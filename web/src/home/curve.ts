// Where the points of a week's curve lie on a drawing of 360 by 170. Pure. A gap in time is a gap in the line.

import type { Series } from "../api/types";
import type { Shown } from "../clinical/kinds";

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 342, 8, 146];
const DAY_MS = 86_400_000;
const DAYS = 7;

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
  readonly days: readonly { readonly at: number; readonly x: number }[];
}

export function layout(series: Series, shown: Shown, now: number): Layout {
  const from = now - DAYS * DAY_MS;
  const means = series.mean ?? [];
  const low = Math.min(shown.low, ...means);
  const high = Math.max(shown.high, ...means);
  const round = (value: number): number => Math.round(value * 10) / 10;
  const x = (at: number): number => round(LEFT + ((at - from) / (now - from)) * (RIGHT - LEFT));
  const y = (value: number): number => round(BOTTOM - ((value - low) / (high - low)) * (BOTTOM - TOP));
  const found = runs(series, from, now).map((run) => run.map(([at, value]) => ({ x: x(at), y: y(value) })));
  return {
    lines: found.filter((run) => run.length > 1).map((run) => run.map((point) => `${String(point.x)},${String(point.y)}`).join(" ")),
    dots: found.flatMap((run) => (run.length === 1 ? run : [])),
    marks: [low, (low + high) / 2, high].map((value) => ({ value, y: y(value) })),
    days: Array.from({ length: DAYS }, (_, place) => now - place * DAY_MS).map((at) => ({ at, x: x(at) })).filter((day) => day.x >= LEFT + 10),
  };
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
