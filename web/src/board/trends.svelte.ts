// The curves of the board: fetched once for each patient, then continued with what comes live.

import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import * as api from "../api/client";
import type { Kind, Tile } from "../api/types";
import { MAIN } from "../clinical/kinds";
import { append, fromSeries, SPAN_MS, type Trend } from "./trend";

const AT_ONCE = 3;

class Trends {
  readonly #curves = new SvelteMap<string, Trend>();
  readonly #seen = new Map<string, string>();
  #known = new Set<number>();
  #waiting: Tile[] = [];
  #running = 0;

  of(stayId: number, kind: Kind): Trend | undefined {
    return this.#curves.get(`${String(stayId)} ${kind}`);
  }

  /** Continues the curves with the newest values of these patients, and fetches what is not there yet. */
  follow(tiles: readonly Tile[]): void {
    untrack(() => {
      for (const tile of tiles) {
        if (!this.#known.has(tile.stay_id)) {
          this.#known.add(tile.stay_id);
          this.#waiting.push(tile);
        } else this.#continue(tile);
      }
      this.#work();
    });
  }

  /** Fetches everything anew at the next chance: something may have been missed. */
  renew(): void {
    this.#known = new Set();
    this.#waiting = [];
  }

  #continue(tile: Tile): void {
    for (const kind of MAIN) {
      const vital = tile.vitals[kind];
      const key = `${String(tile.stay_id)} ${kind}`;
      const trend = this.#curves.get(key);
      if (!vital || !trend || typeof vital.value !== "number" || this.#seen.get(key) === vital.measured_at) continue;
      this.#seen.set(key, vital.measured_at);
      this.#curves.set(key, append(trend, Date.parse(vital.measured_at), vital.value));
    }
  }

  #work(): void {
    while (this.#running < AT_ONCE) {
      const tile = this.#waiting.shift();
      if (!tile) return;
      this.#running += 1;
      void this.#load(tile).finally(() => {
        this.#running -= 1;
        this.#work();
      });
    }
  }

  async #load(tile: Tile): Promise<void> {
    const to = Date.now();
    try {
      const history = await api.vitals(tile.patient_id, MAIN, to - SPAN_MS, to, "1m");
      for (const series of history.series) this.#curves.set(`${String(tile.stay_id)} ${series.kind}`, fromSeries(series));
    } catch {
      // Without a curve the board is still right; the next call asks again.
      this.#known.delete(tile.stay_id);
    }
  }
}

export const trends = new Trends();
