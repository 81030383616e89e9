// Values for tests, whole by default.

import type { Alert, Tile, Vital } from "../api/types";

const TEAM = { team_id: 1, name: "Teamet", phone: "000" };
const AT = "2026-11-21T10:00:00.000Z";

export const anAlert = (changes: Partial<Alert> = {}): Alert => ({
  alert_id: 1,
  patient_id: 1,
  stay_id: 1,
  rule: "limit.spo2.low",
  family: "clinical",
  priority: "high",
  state: "open",
  condition: "present",
  rev: 1,
  team: TEAM,
  began_at: AT,
  opened_at: AT,
  changed_at: AT,
  cleared_at: null,
  acknowledged_at: null,
  acknowledged_by: null,
  acknowledged_until: null,
  resolved_at: null,
  resolved_by: null,
  outcome: null,
  recurrences: 0,
  patient: { given_name: "Testa", family_name: "Testsson", age: 80, number_hint: "9808" },
  text_sv: "Syremättnad 84 %",
  text_en: "Oxygen saturation 84 %",
  evidence: { rule_version: 1 },
  ...changes,
});

export const aVital = (changes: Partial<Vital> = {}): Vital => ({
  value: 96,
  unit: "%",
  measured_at: AT,
  received_at: AT,
  validity: "vld",
  quality: null,
  ageing_s: 180,
  stale_s: 600,
  ...changes,
});

export const aTile = (changes: Partial<Tile> = {}): Tile => ({
  patient_id: 1,
  stay_id: 1,
  given_name: "Testa",
  family_name: "Testsson",
  age: 80,
  sex: "female",
  number_hint: "9808",
  programme: "hospital_at_home",
  reason: null,
  next_step: null,
  team: TEAM,
  mode: "demo",
  vitals: {},
  score: null,
  device: null,
  limits: {},
  goals: "full",
  ...changes,
});
