// The curves of the board: fetched when a patient rests on the screen, then continued with what comes live, also out of
// sight. Whoever has been out of contact fetches anew: in between something was missed.

import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import * as api from "../api/client";
import type { Kind, Tile } from "../api/types";
import { MAIN } from "../clinical/kinds";
import { append, fromSeries, SPANS, type Mark, type Span, type Trend } from "./trend";
import type { SpanH } from "./view.svelte";

export type Curves = Readonly<Partial<Record<Kind, Trend>>>;

const NOTHING: readonly Mark[] = [];
const AT_ONCE = 3;
/** Who is only scrolled past is not asked for. */
const REST_MS = 250;
const AGAIN_MS = 5_000;
/** So many patients' curves are continued; those that were on the screen longest ago are forgotten. */
const MOST = 150;

class Trends {
  readonly #curves = new SvelteMap<number, Curves>();
  readonly #marks = new SvelteMap<number, readonly Mark[]>();
  /** How often something was written of a patient, when their marks were asked for. */
  #written: ReadonlyMap<number, number> = new Map();
  /** What each curve that misses nothing goes up to, by stay; who was shown last comes last. */
  readonly #upTo = new Map<number, Tile>();
  #shown: readonly Tile[] = [];
  #waiting: Tile[] = [];
  readonly #loading = new Set<number>();
  #span: Span = SPANS[4];
  #movedAt = 0;
  #resting = false;

  of(stayId: number): Curves | undefined {
    return this.#curves.get(stayId);
  }

  /** What was done to the patient meanwhile. */
  marksOf(stayId: number): readonly Mark[] {
    return this.#marks.get(stayId) ?? NOTHING;
  }

  /** Fetches those anew of whom something was written since this was last said. */
  reread(written: ReadonlyMap<number, number>): void {
    for (const tile of [...this.#upTo.values()]) {
      if (written.get(tile.patient_id) !== this.#written.get(tile.patient_id)) this.#upTo.delete(tile.stay_id);
    }
    this.#written = written;
    this.#moved();
  }

  /** Says who is on the screen: what is missing of them is fetched once it stands still. */
  show(tiles: readonly Tile[], spanH: SpanH): void {
    this.#shown = tiles;
    if (SPANS[spanH] !== this.#span) {
      this.#span = SPANS[spanH];
      this.renew();
    }
    this.#moved();
  }

  /** Continues the curves with the patients' newest values. */
  follow(patients: ReadonlyMap<number, Tile>): void {
    untrack(() => {
      for (const before of this.#upTo.values()) {
        const tile = patients.get(before.patient_id);
        if (tile && tile !== before) this.#continue(before, tile);
      }
    });
  }

  /** Fetches everything anew: something may have been missed. */
  renew(): void {
    this.#upTo.clear();
    this.#moved();
  }

  #continue(before: Tile, tile: Tile): void {
    if (tile.stay_id !== before.stay_id) return;
    this.#upTo.set(tile.stay_id, tile);
    const known = this.#curves.get(tile.stay_id);
    const longer: Partial<Record<Kind, Trend>> = { ...known };
    for (const kind of MAIN) {
      const [vital, trend] = [tile.vitals[kind], known?.[kind]];
      if (!vital || !trend || typeof vital.value !== "number" || vital.measured_at === before.vitals[kind]?.measured_at) continue;
      longer[kind] = append(trend, Date.parse(vital.measured_at), vital.value);
    }
    this.#curves.set(tile.stay_id, longer);
  }

  /** Fetches once this has not been called for a while; cheap, because a scroll calls it all the time. */
  #moved(): void {
    this.#movedAt = performance.now();
    if (!this.#resting) this.#rest(REST_MS);
  }

  #rest(ms: number): void {
    this.#resting = true;
    setTimeout(() => {
      const left = this.#movedAt + REST_MS - performance.now();
      if (left > 0) {
        this.#rest(left);
        return;
      }
      this.#resting = false;
      this.#fetch();
    }, ms);
  }

  #fetch(): void {
    for (const tile of this.#shown) {
      const kept = this.#upTo.get(tile.stay_id);
      if (kept) {
        this.#upTo.delete(tile.stay_id);
        this.#upTo.set(tile.stay_id, kept);
      }
    }
    this.#waiting = this.#shown.filter((tile) => !this.#upTo.has(tile.stay_id) && !this.#loading.has(tile.stay_id));
    this.#work();
  }

  #work(): void {
    while (this.#loading.size < AT_ONCE) {
      const tile = this.#waiting.shift();
      if (!tile) return;
      this.#loading.add(tile.stay_id);
      void this.#load(tile, this.#span).finally(() => {
        this.#loading.delete(tile.stay_id);
        this.#work();
      });
    }
  }

  async #load(tile: Tile, span: Span): Promise<void> {
    const to = Date.now();
    try {
      const history = await api.vitals(tile.patient_id, MAIN, to - span.ms, to, span.resolution, true);
      if (span !== this.#span) return;
      this.#marks.set(tile.stay_id, history.marks ?? NOTHING);
      this.#keep(tile, Object.fromEntries(history.series.map((series) => [series.kind, fromSeries(series, span)])));
    } catch {
      // Without a curve the board is still right.
      setTimeout(() => { this.#moved(); }, AGAIN_MS);
    }
  }

  #keep(tile: Tile, curves: Curves): void {
    this.#upTo.set(tile.stay_id, tile);
    this.#curves.set(tile.stay_id, curves);
    for (const stayId of this.#upTo.keys()) {
      if (this.#upTo.size <= MOST) return;
      this.#upTo.delete(stayId);
      this.#curves.delete(stayId);
      this.#marks.delete(stayId);
    }
  }
}

export const trends = new Trends();
