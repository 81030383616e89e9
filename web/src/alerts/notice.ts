// The notification of the operating system, beside sound, title and icon: only that something rings and how urgent it
// is. No name, no number, no rule: it may lie on a locked screen.

import type { Level } from "./look";

const TAG = "hemvakt-alert";
let shown: Notification | null = null;

export const possible = (): boolean => "Notification" in globalThis;

/** Asks the person whether this may be done; a browser asks only after a click. */
export async function ask(): Promise<void> {
  if (possible() && Notification.permission === "default") await Notification.requestPermission();
}

/** Shows that something new rings; it takes the place of the one before. */
export function notify(level: Level, words: string): void {
  if (!possible() || Notification.permission !== "granted") return;
  try {
    shown = new Notification("Hemvakt", { body: words, tag: TAG, requireInteraction: level === "high", silent: true });
    shown.onclick = () => {
      focus();
      shown?.close();
    };
  } catch {
    // Some telephones refuse them without a service worker: sound, title and icon say it all the same.
  }
}

/** Takes it away: nothing rings any more. */
export function hush(): void {
  shown?.close();
  shown = null;
}
