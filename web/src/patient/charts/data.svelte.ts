// What the charts of one patient draw, fetched anew as the view moves. An answer to an older question is dropped; what
// is on the screen stays until something newer is there, and says so when it could not be had.

import * as api from "../../api/client";
import type { Alert, History, Kind, Scores } from "../../api/types";
import * as own from "../api";
import type { Entry, LimitStep } from "../types";
import type { View } from "./view";

/** What the timeline shows as flags; readings of devices would be thousands. */
const FLAGS = ["medication", "visit", "note", "mark", "fall", "help_button", "check_in"] as const;

export class ChartData {
  history = $state.raw<History | null>(null);
  scores = $state.raw<Scores | null>(null);
  steps = $state.raw<readonly LimitStep[]>([]);
  alerts = $state.raw<readonly Alert[]>([]);
  entries = $state.raw<readonly Entry[]>([]);
  failed = $state(false);
  loading = $state(false);
  #asked = 0;

  constructor(readonly patientId: number) {}

  async load(kinds: readonly Kind[], view: View): Promise<void> {
    const mine = ++this.#asked;
    this.loading = true;
    try {
      const [history, scores, limits] = await Promise.all([
        api.vitals(this.patientId, kinds, view.from, view.to, "auto"),
        api.scores(this.patientId, view.from, view.to),
        own.limits(this.patientId, view.from, view.to),
      ]);
      if (mine !== this.#asked) return;
      this.history = history;
      this.scores = scores;
      this.steps = limits.steps;
      this.failed = false;
    } catch {
      if (mine === this.#asked) this.failed = true;
    } finally {
      if (mine === this.#asked) this.loading = false;
    }
  }

  /** Fetches what is marked on the axis: that does not hang on the view. */
  async loadMarks(): Promise<void> {
    const [alerts, events] = await Promise.allSettled([own.alerts(this.patientId, null), own.events(this.patientId, FLAGS, null)]);
    if (alerts.status === "fulfilled") this.alerts = alerts.value.items;
    if (events.status === "fulfilled") this.entries = events.value.items;
    this.failed ||= alerts.status === "rejected" || events.status === "rejected";
  }

  series(kind: Kind): History["series"][number] | undefined {
    return this.history?.series.find((each) => each.kind === kind);
  }
}
