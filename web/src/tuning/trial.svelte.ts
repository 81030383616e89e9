// A back-test that follows the editor: asked a moment after the last change, the one before it stopped, its progress
// shown, and its report kept until there is a newer one. What is shown says which overlay it is of.

import { Refused } from "../api/client";
import * as api from "./api";
import { alike } from "./overlay";
import type { Backtest, Overlay, Owner, Report } from "./shapes";

const SETTLED_MS = 450;
const LOOK_MS = 350;
const DAY_MS = 86_400_000;

export interface Over {
  readonly patients: readonly number[] | null;
  readonly cohort: api.Cohort | null;
  readonly layer: Owner["kind"];
  readonly days: number;
}

export type Standing = "idle" | "waiting" | "running" | "done" | "cancelled" | "failed";

export class Trial {
  standing = $state<Standing>("idle");
  progress = $state(0);
  report = $state.raw<Report | null>(null);
  /** When what is shown was counted, and over which time. */
  countedAt = $state(0);
  fromMs = $state(0);
  toMs = $state(0);
  /** Why there are no figures; null where nobody answered, or the count itself broke. */
  refusal = $state.raw<Refused | null>(null);
  /** Whether the server said anything when there came no figures. */
  answered = $state(true);
  /** Why it failed, where it had been begun. */
  failure = $state<Backtest["failure"]>(null);
  /** The overlay and the patients of the newest question, as they went out. */
  #asked: { readonly overlay: Overlay; readonly over: Over } | null = null;
  #answered = $state.raw<{ readonly overlay: Overlay; readonly over: Over } | null>(null);
  #job: number | null = null;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Whether the figures are of this overlay and these patients. */
  isOf(overlay: Overlay, over: Over): boolean {
    return this.#answered !== null && alike(this.#answered.overlay, overlay) && alike(this.#answered.over, over);
  }

  /** Asks when nothing has changed for a moment. */
  follow(overlay: Overlay, over: Over): void {
    if (this.#asked && alike(this.#asked.overlay, overlay) && alike(this.#asked.over, over)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.run(overlay, over, "plain"), SETTLED_MS);
  }

  async run(overlay: Overlay, over: Over, kind: "plain" | "suggest"): Promise<void> {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    void this.#drop();
    this.#asked = { overlay, over };
    this.standing = "waiting";
    this.progress = 0;
    const toMs = Date.now();
    const fromMs = toMs - over.days * DAY_MS;
    try {
      const job = await api.ask({
        patients: over.patients,
        cohort: over.cohort,
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
        plan: overlay,
        layer: over.layer,
        suggest: kind === "suggest",
      });
      if (turn !== this.#turn) {
        void api.endBacktest(job.backtest_id).catch(() => undefined);
        return;
      }
      this.#job = job.backtest_id;
      const done = await this.#watch(job, turn);
      if (done && turn === this.#turn) this.#take(done, fromMs, toMs);
    } catch (failure) {
      if (turn !== this.#turn) return;
      this.standing = "failed";
      this.failure = null;
      this.refusal = failure instanceof Refused ? failure : null;
      this.answered = this.refusal !== null;
      this.#asked = null;
    }
  }

  async #watch(job: Backtest, turn: number): Promise<Backtest | null> {
    let seen = job;
    while (seen.state === "queued" || seen.state === "running") {
      await new Promise((go) => setTimeout(go, LOOK_MS));
      if (turn !== this.#turn) return null;
      seen = await api.backtest(job.backtest_id);
      if (turn !== this.#turn) return null;
      this.standing = seen.state === "running" ? "running" : this.standing;
      this.progress = seen.progress;
    }
    return seen;
  }

  #take(done: Backtest, fromMs: number, toMs: number): void {
    this.#job = null;
    if (done.state === "done" && done.report) {
      this.report = done.report;
      this.#answered = this.#asked;
      this.fromMs = fromMs;
      this.toMs = toMs;
      this.countedAt = Date.now();
      this.standing = "done";
      return;
    }
    this.standing = done.state === "cancelled" ? "cancelled" : "failed";
    this.failure = done.failure;
    this.refusal = null;
    this.answered = true;
    this.#asked = null;
  }

  cancel(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    void this.#drop();
    this.standing = "cancelled";
  }

  stop(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    void this.#drop();
  }

  async #drop(): Promise<void> {
    const job = this.#job;
    this.#job = null;
    if (job !== null) await api.endBacktest(job).catch(() => undefined);
  }
}
