import { expect, test } from "vitest";
import type { Alert } from "../api/types";
import { anAlert } from "../live/builders";
import { laid, stacks } from "./groups";

const offline = (id: number, changes: Partial<Alert> = {}): Alert =>
  anAlert({ alert_id: id, patient_id: id, family: "technical", priority: "low", rule: "offline", ...changes });

test("technical alerts of one cause stand together from three on", () => {
  expect(laid([offline(1), offline(2)], 1).groups).toEqual([]);
  const { alone, groups } = laid([offline(1), offline(2), offline(3)], 1);
  expect(alone).toEqual([]);
  expect(groups.map((group) => [group.cause, group.alerts.length])).toEqual([["offline", 3]]);
});

test("test_h11_no_clinical_alert_request_or_high_alert_is_ever_hidden_in_a_group", () => {
  const loud = [
    anAlert({ alert_id: 10, rule: "offline", priority: "low" }),
    anAlert({ alert_id: 11, rule: "offline", family: "request", priority: "low" }),
    offline(12, { priority: "high" }),
  ];
  const { alone } = laid([offline(1), offline(2), offline(3), ...loud], 1);
  expect(alone).toEqual(loud);
});

test("what one has taken oneself, or what waits for an answer, is not hidden either", () => {
  const own = offline(4, { holder: { staff_id: 1, name: "Anna", title: "" } });
  const waits = offline(5, { offer: { team_id: 1, team_name: "Teamet", staff: null, by: 2, until: "2026-11-21T10:02:00Z" } });
  expect(laid([offline(1), offline(2), offline(3), own, waits], 1).alone).toEqual([own, waits]);
});

test("the alerts of one patient stand together, where the most urgent of them would", () => {
  const alerts = [[1, 7], [2, 8], [3, 7]].map(([alert_id = 0, patient_id = 0]) => anAlert({ alert_id, patient_id }));
  expect(stacks(alerts).map((stack) => stack.map((alert) => alert.alert_id))).toEqual([[1, 3], [2]]);
});
