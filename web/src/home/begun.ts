// What somebody was typing when their session ended: kept for the log-in after it, with the time at which it was left. In
// memory alone, for the account that typed it, and for nobody who leaves a page by their own will. Pure.

export interface Begun<T> {
  readonly at: number;
  readonly value: T;
}

const kept = new Map<string, Begun<unknown>>();
const name = (account: number, form: string): string => `${String(account)}/${form}`;

export function leave<T>(account: number, form: string, value: T, now: number): void {
  kept.set(name(account, form), { at: now, value });
}

/** Returns what was left in that form, once; null where nothing was. */
export function pick<T>(account: number, form: string): Begun<T> | null {
  const found = kept.get(name(account, form));
  kept.delete(name(account, form));
  return (found as Begun<T> | undefined) ?? null;
}
