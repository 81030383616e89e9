// The curves of the board: fetched when a patient comes on the screen, then continued with what comes live for as long
// as they are on it. Who has been away is fetched anew: in between something was missed.

import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import * as api from "../api/client";
import type { Kind, Tile } from "../api/types";
import { MAIN } from "../clinical/kinds";
import { append, fromSeries, SPANS, type Span, type Trend } from "./trend";
import type { SpanH } from "./view.svelte";

const AT_ONCE = 3;
/** Who is only scrolled past is not asked for. */
const REST_MS = 250;

class Trends {
  readonly #curves = new SvelteMap<string, Trend>();
  readonly #seen = new Map<string, string>();
  #followed = new Set<number>();
  #waiting: Tile[] = [];
  #running = 0;
  #span: Span = SPANS[4];
  #rest: ReturnType<typeof setTimeout> | undefined;

  of(stayId: number, kind: Kind): Trend | undefined {
    return this.#curves.get(`${String(stayId)} ${kind}`);
  }

  /** Continues the curves of the patients on the screen, and fetches those that have just come on it. */
  follow(tiles: readonly Tile[], spanH: SpanH): void {
    untrack(() => {
      if (SPANS[spanH] !== this.#span) {
        this.#span = SPANS[spanH];
        this.renew();
      }
      const now = new Set(tiles.map((tile) => tile.stay_id));
      for (const tile of tiles) {
        if (this.#followed.has(tile.stay_id)) this.#continue(tile);
        else this.#waiting.push(tile);
      }
      this.#followed = now;
      this.#waiting = this.#waiting.filter((tile) => now.has(tile.stay_id));
      if (this.#waiting.length > 0 && this.#rest === undefined) this.#rest = setTimeout(() => { this.#rested(); }, REST_MS);
    });
  }

  /** Fetches everything anew at the next chance: something may have been missed. */
  renew(): void {
    this.#followed = new Set();
    this.#waiting = [];
  }

  #rested(): void {
    this.#rest = undefined;
    this.#work();
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
      void this.#load(tile, this.#span).finally(() => {
        this.#running -= 1;
        this.#work();
      });
    }
  }

  async #load(tile: Tile, span: Span): Promise<void> {
    const to = Date.now();
    try {
      const history = await api.vitals(tile.patient_id, MAIN, to - span.ms, to, span.resolution);
      if (span !== this.#span) return;
      for (const series of history.series) this.#curves.set(`${String(tile.stay_id)} ${series.kind}`, fromSeries(series, span));
    } catch {
      // Without a curve the board is still right; the next call asks again.
      this.#followed.delete(tile.stay_id);
    }
  }
}

export const trends = new Trends();
