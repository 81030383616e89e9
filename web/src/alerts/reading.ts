// Which revision of an alert somebody can have read when they press a button. Pure. What has just changed under a
// finger was not read: the act then names the revision before it, and the server refuses it with what is new.

/** Nobody reads a line in less. */
export const READ_MS = 700;

export interface Shown {
  readonly rev: number;
  readonly at: number;
}

/** Adds a revision to those that were shown, the newest last; only what may still matter is kept. */
export function show(shown: readonly Shown[], rev: number, at: number): readonly Shown[] {
  if (shown.at(-1)?.rev === rev) return shown;
  return [...shown.slice(-3), { rev, at }];
}

/** Returns the newest revision that stood there long enough; the first one counts from the beginning. */
export function read(shown: readonly Shown[], now: number): number | null {
  const long = shown.filter((each, place) => place === 0 || now - each.at >= READ_MS);
  return long.at(-1)?.rev ?? null;
}
