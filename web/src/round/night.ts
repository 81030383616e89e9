// Which night, and which shift: hours by the clock on a Swedish wall, as instants. Pure.

import { ZONE } from "../clinical/time";

const PARTS = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

/** Writes what the wall shows, as a field for date and time takes it: 2026-11-22T21:00. */
export function wall(at: number): string {
  const part = new Map(PARTS.formatToParts(at).map((each) => [each.type, each.value]));
  const of = (name: Intl.DateTimeFormatPartTypes): string => part.get(name) ?? "00";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

/** Returns the instant at which the wall shows this; of a time that autumn shows twice, the first. */
export function instant(shown: string): number {
  const asUtc = Date.parse(`${shown}:00Z`);
  for (const hours of [2, 1]) {
    const at = asUtc - hours * 3_600_000;
    if (wall(at) === shown) return at;
  }
  return asUtc - 3_600_000; // a time that spring leaves out: the instant after the change
}

/** Returns the newest stretch from `first` to `last` o'clock that has begun, as [from, until]. */
export function lastNight(now: number, first = "21:00", last = "07:00"): readonly [number, number] {
  const today = wall(now).slice(0, 10);
  const dayBefore = (day: string): string => wall(instant(`${day}T12:00`) - 86_400_000).slice(0, 10);
  const dayAfter = (day: string): string => wall(instant(`${day}T12:00`) + 86_400_000).slice(0, 10);
  const start = instant(`${today}T${first}`) <= now ? today : dayBefore(today);
  return [instant(`${start}T${first}`), instant(`${dayAfter(start)}T${last}`)];
}

/** Returns when the shift that is ending began: the last time the wall showed one of these hours, half an hour ago at least. */
export function shiftBegan(now: number, hours: readonly string[] = ["07:00", "14:00", "21:00"]): number {
  const settled = now - 30 * 60_000;
  const days = [wall(settled).slice(0, 10), wall(settled - 86_400_000).slice(0, 10)];
  const starts = days.flatMap((day) => hours.map((hour) => instant(`${day}T${hour}`))).filter((at) => at <= settled);
  return Math.max(...starts);
}
