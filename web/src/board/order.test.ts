import { describe, expect, it } from "vitest";
import type { Alert, Tile } from "../api/types";
import { anAlert, aTile } from "../live/builders";
import { byPatient, byUrgency, held, ordered, steady } from "./order";

const tile = (patient_id: number, changes: Partial<Tile> = {}): Tile => aTile({ patient_id, stay_id: patient_id, family_name: `Testsson ${String(patient_id)}`, ...changes });
const ids = (tiles: readonly Tile[], alerts: readonly Alert[] = []): number[] => {
  const of = byPatient([...alerts].sort(byUrgency));
  return ordered(tiles, (id) => of.get(id) ?? []).map((one) => one.patient_id);
};
const score = (max: number): Tile["score"] => ({
  system: "NEWS2", scored_at: "2026-11-21T10:00:00Z", min: 0, max, risk: "low", spo2_scale: 1, parts: {}, missing: [], stale: [], settles: null, single_three: false,
});

describe("the order of the board", () => {
  it("is unseen high, unseen medium, technical, seen, then the rest", () => {
    const alerts = [
      anAlert({ alert_id: 1, patient_id: 1, state: "acknowledged", priority: "high" }),
      anAlert({ alert_id: 2, patient_id: 2, family: "technical", priority: "low" }),
      anAlert({ alert_id: 3, patient_id: 3, priority: "medium" }),
      anAlert({ alert_id: 4, patient_id: 4, priority: "high" }),
    ];
    expect(ids([tile(5), tile(1), tile(2), tile(3), tile(4)], alerts)).toEqual([4, 3, 2, 1, 5]);
  });

  it("test_h14_a_partial_score_counts_by_its_upper_bound", () => {
    const partial = { ...score(7), min: 1 } as Tile["score"];
    expect(ids([tile(1, { score: score(5) }), tile(2, { score: partial })])).toEqual([2, 1]);
  });

  it("is by name where nothing else decides, å, ä and ö last", () => {
    expect(ids([tile(1, { family_name: "Öberg" }), tile(2, { family_name: "Zetterlund" }), tile(3, { family_name: "Åberg" })])).toEqual([2, 3, 1]);
  });

  it("moves nobody while it is frozen; who is new comes last", () => {
    expect(held([9, 1, 2, 3], [3, 2, 1])).toEqual([3, 2, 1, 9]);
  });

  it("is the same object as long as it says the same", () => {
    const before = [1, 2, 3];
    expect(steady(before, [1, 2, 3])).toBe(before);
    expect(steady(before, [2, 1, 3])).toEqual([2, 1, 3]);
  });
});
