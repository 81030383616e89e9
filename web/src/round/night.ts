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

/** Returns the newest stretch from `first` to `until` by the wall that has begun, as [from, until]. */
export function last(now: number, first: string, until: string): readonly [number, number] {
  const today = wall(now).slice(0, 10);
  const dayBefore = (day: string): string => wall(instant(`${day}T12:00`) - 86_400_000).slice(0, 10);
  const dayAfter = (day: string): string => wall(instant(`${day}T12:00`) + 86_400_000).slice(0, 10);
  const start = instant(`${today}T${first}`) <= now ? today : dayBefore(today);
  return [instant(`${start}T${first}`), instant(`${until > first ? start : dayAfter(start)}T${until}`)];
}

/** Returns when the shifts of the last day and a half began, at these hours, the newest first and half an hour ago at least. */
export function shiftsBegan(now: number, hours: readonly string[] = ["07:00", "14:00", "21:00"]): readonly number[] {
  const settled = now - 30 * 60_000;
  const days = [0, 1, 2].map((back) => wall(settled - back * 86_400_000).slice(0, 10));
  return days
    .flatMap((day) => hours.map((hour) => instant(`${day}T${hour}`)))
    .filter((at) => at <= settled && at > now - 35 * 3_600_000)
    .sort((a, b) => b - a);
}

/** What a time on the wall looks like: 07:30. Fields of the browser's own kind show it as its language does, with AM and PM. */
export const CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]";

/** Reads a time as somebody types it: 7, 730, 07.30, 07:30; null where it is none. */
export function clocked(text: string): string | null {
  const found = /^(\d{1,2})(?:[:.]?(\d{2}))?$/.exec(text.trim());
  const [hours, minutes] = [Number(found?.[1] ?? 99), Number(found?.[2] ?? 0)];
  if (hours > 23 || minutes > 59) return null;
  return `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
}
