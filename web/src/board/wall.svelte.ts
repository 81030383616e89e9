// What keeps a screen on a wall alive: it is kept awake where the machine can, and loads itself anew when it is dead.

import { tired, type Vitality } from "./watchdog";

const LOOK_MS = 5_000;

/** Keeps the screen awake and watched until it is called off. */
export function keep(vitality: () => Omit<Vitality, "upS">): () => void {
  let lock: WakeLockSentinel | null = null;
  let over = false;
  const began = performance.now();

  const wake = async (): Promise<void> => {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    try {
      lock = await navigator.wakeLock.request("screen");
      if (over) await lock.release();
    } catch {
      // Refused (battery, settings): the screen's own settings decide.
    }
  };
  const renew = (): void => void wake();
  const look = async (): Promise<void> => {
    if (!tired({ ...vitality(), upS: (performance.now() - began) / 1000 })) return;
    // Only where the server answers: else the browser's own page of an error would hang on the wall.
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(LOOK_MS) }).catch(() => null);
    if (answer?.ok && !over) location.reload();
  };

  renew();
  document.addEventListener("visibilitychange", renew);
  const timer = setInterval(() => void look(), LOOK_MS);
  return () => {
    over = true;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", renew);
    void lock?.release();
  };
}
