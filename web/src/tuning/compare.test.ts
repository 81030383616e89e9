// What a report says of two plans: found, lost, earlier or later, and which ticks belong to whom.

import { expect, test } from "vitest";
import { byRule, change, found, isOf, median, ticks } from "./compare";
import type { Report } from "./shapes";

const known = (candidate: string | null, inForce: string | null): Report["deteriorations"][number] => ({
  alert_id: 1, patient_id: 3, rule: "limit.spo2.low", opened_at: "2026-01-10T12:00:00Z", candidate_at: candidate, in_force_at: inForce,
});
const report = (...deteriorations: Report["deteriorations"][number][]): Report => ({ deteriorations }) as unknown as Report;

test("lead time is how long before the recorded alert a plan rings, the middle of all", () => {
  const said = found(report(known("2026-01-10T11:00:00Z", "2026-01-10T11:30:00Z"), known("2026-01-10T12:10:00Z", "2026-01-10T11:30:00Z")));

  expect([said.candidateLead, said.inForceLead]).toEqual([25, 30]);
});

test("h11: what the plan in force finds and the draft does not is counted as lost", () => {
  const said = found(report(known(null, "2026-01-10T11:30:00Z"), known("2026-01-10T11:30:00Z", null)));

  expect([said.known, said.candidate, said.inForce, said.lost]).toEqual([2, 1, 1, 1]);
});

test("ticks are of one patient and one kind; one that goes on ends with the period", () => {
  const episode = (patientId: number, rule: string, ended: string | null): Parameters<typeof ticks>[0] extends readonly (infer E)[] | undefined ? E : never =>
    ({ patient_id: patientId, rule, priority: 3, opened_at: "2026-01-10T12:00:00Z", ended_at: ended });
  const until = Date.parse("2026-01-11T00:00:00Z");

  const drawn = ticks([episode(3, "limit.spo2.low", null), episode(4, "limit.spo2.low", null), episode(3, "news2.total", null)], 3, "spo2", until);

  expect(drawn).toEqual([{ fromMs: Date.parse("2026-01-10T12:00:00Z"), toMs: until, level: "high" }]);
  expect(isOf("spo2", "limit.spo2x.low")).toBe(false);
});

test("middles and changes", () => {
  expect([median([]), median([3]), median([4, 1, 3]), median([4, 2])]).toEqual([null, 3, 3, 3]);
  expect([change(0, 4), change(20, 15), change(4, 5)]).toEqual([null, -25, 25]);
});

test("h13: rules of which the plans differ stand with the greatest difference first, one that fell silent too", () => {
  const tally = (rows: Readonly<Record<string, number>>): unknown => ({ by_rule: Object.entries(rows).map(([rule, alerts]) => ({ rule, alerts })) });
  const said = byRule({ candidate: tally({ "news2.total": 2, "limit.spo2.low": 9 }), in_force: tally({ "news2.total": 2, "limit.spo2.low": 8, "weight.gain": 3 }) } as unknown as Report);

  expect(said).toEqual([{ rule: "weight.gain", force: 3, draft: 0 }, { rule: "limit.spo2.low", force: 8, draft: 9 }]);
});
