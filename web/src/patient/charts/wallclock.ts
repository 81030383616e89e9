// Wall-clock hours in Stockholm as instants, summer time included. Pure. Nights and the plan's night limits are drawn by
// the patient's clock, whatever the viewer's machine thinks.

import { day, ZONE } from "../../clinical/time";

const DAY_MS = 86_400_000;
const PARTS = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hourCycle: "h23",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
});

/** Returns how far Stockholm's clocks are ahead of UTC at an instant [ms]. */
function ahead(at: number): number {
  const said = Object.fromEntries(PARTS.formatToParts(at).map((part) => [part.type, Number(part.value)]));
  const shown = Date.UTC(said["year"] ?? 0, (said["month"] ?? 1) - 1, said["day"] ?? 1, said["hour"] ?? 0, said["minute"] ?? 0, said["second"] ?? 0);
  return shown - Math.floor(at / 1000) * 1000;
}

/** Returns the instant at which clocks in Stockholm show that many minutes after midnight of a day (`2026-03-29`). */
export function instant(date: string, minutes: number): number {
  const wanted = Date.parse(`${date}T00:00:00Z`) + minutes * 60_000;
  const guess = wanted - ahead(wanted);
  return wanted - ahead(guess);
}

/** Returns the days that an interval touches, in order, by Stockholm's calendar. */
export function days(from: number, to: number): string[] {
  const found: string[] = [];
  for (let noon = instant(day(from), 720); day(noon) <= day(to); noon += DAY_MS) found.push(day(noon));
  return found;
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Returns the nights within an interval, from `begins` to `ends` minutes after midnight, cut at its edges. */
export function nights(from: number, to: number, begins: number, ends: number): Stretch[] {
  const over = begins > ends;
  return days(from - (over ? DAY_MS : 0), to)
    .map((date) => {
      const start = instant(date, begins);
      const end = over ? instant(day(instant(date, 720) + DAY_MS), ends) : instant(date, ends);
      return { from: Math.max(from, start), to: Math.min(to, end) };
    })
    .filter((each) => each.from < each.to);
}
