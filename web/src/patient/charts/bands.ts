// The limits of one kind over time, as they were in force: a piece for each stretch in which nothing changed. Pure.

import type { Band, Kind } from "../../api/types";
import type { LimitStep } from "../types";
import { nights } from "./wallclock";

export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly band: Band;
}

const same = (a: Band, b: Band): boolean =>
  a.alert_low === b.alert_low && a.warn_low === b.warn_low && a.warn_high === b.warn_high && a.alert_high === b.alert_high;

/** Returns the pieces of one kind in order, the plan's night limits cut in; none where there was no limit. */
export function pieces(steps: readonly LimitStep[], kind: Kind): Piece[] {
  const found: Piece[] = [];
  for (const step of steps) {
    const [from, to] = [Date.parse(step.from), Date.parse(step.to)];
    const byDay = step.limits[kind];
    const byNight = step.night?.limits[kind];
    const dark = step.night && byNight && !(byDay && same(byDay, byNight)) ? nights(from, to, step.night.begins, step.night.ends) : [];
    let at = from;
    for (const night of dark) {
      if (byDay && at < night.from) found.push({ from: at, to: night.from, band: byDay });
      if (byNight) found.push({ ...night, band: byNight });
      at = night.to;
    }
    if (byDay && at < to) found.push({ from: at, to, band: byDay });
  }
  return found;
}
