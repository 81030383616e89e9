// Builders for the tests of this part: a patient of a round, of a coverage, of a night.

import type { Case, Cell, Covered, Day, NightAlert, NightStay } from "./api";

export const aCase = (patient_id: number, risk = 0, signed: Case["signed"] = null): Case => ({
  patient_id,
  stay_id: patient_id,
  name: `Test ${String(patient_id)}`,
  risk,
  reasons: [],
  score_min: 1,
  score_max: 1,
  next_step: "",
  cover: [],
  rev: signed ? 1 : 0,
  signed,
  also: [],
});
export const signedBy = (by: number, plan: string): NonNullable<Case["signed"]> => ({ by, name: `Staff ${String(by)}`, at: "2026-11-20T12:00:00Z", plan, risk: 0 });

export const aCell = (from_at: string, until: string, colour: string, team = "Dag", person: string | null = null): Cell => ({
  from_at,
  until,
  team_id: 1,
  team,
  on_call: person === null ? null : { staff_id: 1, name: person },
  colour,
});
export const covered = (patient_id: number, cells: readonly Cell[]): Covered => ({
  patient_id,
  given_name: "Test",
  family_name: String(patient_id),
  number_hint: "0000",
  team_id: 1,
  team: "Dag",
  cells,
  red_from: null,
});
export const aDay: Day = { date: "2026-11-23", kind: "mon", name: null, starts_at: "2026-11-22T23:00:00Z", ends_at: "2026-11-23T23:00:00Z", hours: 24 };

export const aMoment = (at: string, state: "open" | "acknowledged" | "resolved", more: Partial<NightAlert["moments"][number]> = {}): NightAlert["moments"][number] => ({
  at,
  state,
  priority: "high",
  condition: "present",
  seen_by: null,
  held_by: null,
  text_sv: "Syremättnad 84 %",
  text_en: "Oxygen saturation 84 %",
  ...more,
});
export const aNight = (patient_id: number, more: Partial<NightStay> = {}): NightStay => ({
  patient_id,
  stay_id: patient_id,
  given_name: "Test",
  family_name: `Testsson ${String(patient_id)}`,
  age: 80,
  number_hint: "0000",
  reason: "",
  teams: [{ from: "2026-11-21T20:00:00Z", name: "Natt" }],
  vitals: {},
  scores: { minute: [], min: [], max: [], risk: [] },
  alerts: [],
  ...more,
});
