// Who answers ahead, day by day by Stockholm's clock. Pure: a stretch over midnight is cut there, and what nobody has
// said is a stretch of its own, so that a hole is seen and not skipped.

import { days, instant } from "../charts/wallclock";
import type { DutyCell } from "../types";

export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Null: nothing is known of this time. */
  readonly cell: DutyCell | null;
}

export interface Day {
  readonly date: string;
  readonly begins: number;
  readonly ends: number;
  readonly stretches: readonly Stretch[];
}

export function fortnight(cells: readonly DutyCell[], now: number): Day[] {
  const known = [...cells].sort((a, b) => Date.parse(a.from_at) - Date.parse(b.from_at));
  const last = known.at(-1);
  if (!last) return [];
  const until = Date.parse(last.until);
  return days(now, until - 1).map((date) => {
    const begins = instant(date, 0);
    const ends = instant(date, 24 * 60);
    const stretches: Stretch[] = [];
    let at = Math.max(begins, now);
    for (const cell of known) {
      const [from, to] = [Math.max(at, Date.parse(cell.from_at)), Math.min(ends, Date.parse(cell.until))];
      if (from >= to) continue;
      if (from > at) stretches.push({ from: at, to: from, cell: null });
      stretches.push({ from, to, cell });
      at = to;
    }
    if (at < Math.min(ends, until)) stretches.push({ from: at, to: Math.min(ends, until), cell: null });
    return { date, begins, ends, stretches };
  });
}

/** Says whether anybody is reached in a stretch. */
export const uncovered = (stretch: Stretch): boolean => stretch.cell === null || stretch.cell.colour === "nobody";
