// The view of a page's charts, and keeping what they draw up to it: moved by people, or by the clock while it follows.

import { untrack } from "svelte";
import type { Kind } from "../../api/types";
import { live } from "../../live/live.svelte";
import { ChartData } from "./data.svelte";
import { at, latest, step, type View } from "./view";

const SETTLE_MS = 180;
const MARKS_MS = 30_000;
const AGAIN_MS = 15_000;

export class Following {
  view = $state.raw<View>(latest(0, 0));
  readonly data: ChartData;
  #loadedAt = 0;

  constructor(patientId: number, readonly kinds: readonly Kind[], spanMs: number) {
    this.data = new ChartData(patientId);
    this.view = latest(spanMs, live.now);
  }

  set = (view: View): void => {
    this.view = view;
  };

  /** Call in an effect: goes along with the clock, and fetches what the view shows once it has settled. */
  run(): () => void {
    const moving = setInterval(() => { this.#move(); }, 1_000);
    const marking = setInterval(() => void this.data.loadMarks(), MARKS_MS);
    void this.data.loadMarks();
    return () => {
      clearInterval(moving);
      clearInterval(marking);
    };
  }

  fetch(): () => void {
    const view = this.view;
    const settle = setTimeout(() => {
      this.#loadedAt = live.now;
      void this.data.load(this.kinds, view);
    }, untrack(() => this.data.history === null) ? 0 : SETTLE_MS);
    return () => { clearTimeout(settle); };
  }

  #move(): void {
    const moved = at(this.view, live.now);
    const due = live.now - this.#loadedAt > Math.max(AGAIN_MS, step(this.view));
    if (this.view.follows && due && moved.to !== this.view.to) this.view = moved;
  }
}
