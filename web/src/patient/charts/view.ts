// What stretch of time the charts show, and how it is moved: ahead, back, nearer, further, to now. Pure. All charts of a
// page share one view; times are ms since 1970. A view that follows ends now and moves with the clock.

export interface View {
  readonly from: number;
  readonly to: number;
  readonly follows: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
export const SHORTEST = 2 * MINUTE;
export const LONGEST = 400 * DAY;
/** Where nothing has been measured yet, so that a marker of "now" does not stick to the edge. */
const AHEAD = 0.02;

export const SPANS = { "1h": HOUR, "4h": 4 * HOUR, "24h": DAY, "3d": 3 * DAY, "7d": 7 * DAY, "30d": 30 * DAY, "180d": 180 * DAY } as const;
export type SpanName = keyof typeof SPANS;

/** Returns the view that shows the last stretch of a length, a little of what is to come included. */
export function latest(length: number, now: number): View {
  const kept = Math.min(LONGEST, Math.max(SHORTEST, length));
  const to = now + kept * AHEAD;
  return { from: to - kept, to, follows: true };
}

export const length = (view: View): number => view.to - view.from;

/** Returns the named length that a view has, null where it has none of them. */
export function nameOf(view: View): SpanName | null {
  const found = Object.entries(SPANS).find(([, each]) => Math.abs(each - length(view)) < each * 0.005);
  return (found?.[0] as SpanName | undefined) ?? null;
}

/** Moves the view by a share of its length; past now it stops, and follows. */
export function panned(view: View, share: number, now: number): View {
  return between(view.from + share * length(view), view.to + share * length(view), now);
}

/** Makes the view `factor` times as long, `pivot` staying where it is; without one, what is newest stays. */
export function zoomed(view: View, factor: number, now: number, pivot?: number): View {
  const wanted = Math.min(LONGEST, Math.max(SHORTEST, length(view) * factor));
  if (pivot === undefined && view.follows) return latest(wanted, now);
  const at = pivot ?? (view.from + view.to) / 2;
  const share = (at - view.from) / length(view);
  return between(at - share * wanted, at + (1 - share) * wanted, now);
}

/** Returns the view from one instant to another, whichever is first; not shorter than can be read, not past now. */
export function between(one: number, other: number, now: number): View {
  const [from, to] = one <= other ? [one, other] : [other, one];
  const wanted = Math.min(LONGEST, Math.max(SHORTEST, to - from));
  const middle = (from + to) / 2;
  if (middle + wanted / 2 >= now + wanted * AHEAD) return latest(wanted, now);
  return { from: middle - wanted / 2, to: middle + wanted / 2, follows: false };
}

/** Returns where the view is at another instant: one that follows goes along, any other stands. */
export const at = (view: View, now: number): View => (view.follows ? latest(length(view), now) : view);

/** How far the clock may go on before a view that follows is drawn anew: less than a pixel is not worth it. */
export const step = (view: View): number => Math.max(5_000, length(view) / 1_500);
