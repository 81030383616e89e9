// The clock on the wall in Stockholm, whatever the viewer's machine thinks: plans end and nights begin by it. Pure.

import { ZONE } from "../clinical/time";

const PARTS = new Intl.DateTimeFormat("sv-SE", {
  timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** Returns how many milliseconds the wall clock is ahead of UTC at an instant. */
export function aheadMs(at: number): number {
  const whole = Math.floor(at / 1000) * 1000;
  return Date.parse(`${PARTS.format(whole).replace(" ", "T")}Z`) - whole;
}

/** Returns the time on the wall at an instant, to the minute. */
export const wallOf = (at: number): string => PARTS.format(at).replace(" ", "T").slice(0, 16);

/** Returns the instant of a time on the wall, `2026-03-01T14:00`; of an hour that comes twice the first one. */
export function instantOf(wall: string): Date {
  const asUtc = Date.parse(`${wall}Z`);
  const guess = asUtc - aheadMs(asUtc);
  const before = asUtc - aheadMs(guess - 3 * 3600_000);
  const found = aheadMs(before) === asUtc - before ? before : asUtc - aheadMs(guess);
  return new Date(found);
}
