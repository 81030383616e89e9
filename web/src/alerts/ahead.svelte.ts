// What comes next for each alert: asked anew when an alert has changed or a step has come due, never more often than
// every few seconds. Without an answer the lane simply does not say it: nothing depends on it.

import { untrack } from "svelte";
import { live } from "../live/live.svelte";
import { ahead as ask, type Escalation } from "./api";

const REST_MS = 5_000;
/** Boards that hear of the same change do not all ask in the same moment. */
const SPREAD_MS = 1_500;
const OVERDUE_MS = 2_000;

class Ahead {
  steps = $state.raw<ReadonlyMap<number, Escalation>>(new Map());
  #timer: ReturnType<typeof setTimeout> | undefined;
  #askedAt = -REST_MS;

  /** Keeps it up to date as long as the component that calls this is there. */
  follow(): void {
    $effect(() => {
      if (live.connected && live.state.alerts.size >= 0) this.renew();
    });
    $effect(() => { this.look(live.now); });
  }

  /** Asks for what comes next, now or when the last answer is a little older. */
  renew(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#ask(), Math.max(Math.random() * SPREAD_MS, this.#askedAt + REST_MS - performance.now()));
  }

  /** Asks anew where a step should have been taken by now. */
  look(nowMs: number): void {
    const late = untrack(() => [...this.steps.values()]).some(({ next }) => next !== null && nowMs - Date.parse(next.due_at) > OVERDUE_MS);
    if (late) this.renew();
  }

  async #ask(): Promise<void> {
    this.#askedAt = performance.now();
    try {
      this.steps = new Map((await ask()).map((each) => [each.alert_id, each]));
    } catch {
      this.steps = new Map(); // what is not known is not shown: a countdown that has been left alone would lie
    } finally {
      this.#timer = undefined;
    }
  }
}

export const ahead = new Ahead();
