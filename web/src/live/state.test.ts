import { describe, expect, it } from "vitest";
import { aTile, aVital, anAlert } from "./builders";
import { EMPTY, reduce, withAlert } from "./state";

const AT = "2026-11-21T10:00:00.000Z";
const LATER = "2026-11-21T10:00:05.000Z";
const snapshot = { type: "snapshot", seq: 1, stream: "a", server_time: AT } as const;
const loaded = reduce(EMPTY, { ...snapshot, patients: [aTile({ vitals: { spo2: aVital({ measured_at: LATER }) } })], alerts: [anAlert({ rev: 3 })] });

describe("the live state", () => {
  it("takes a snapshot whole", () => {
    expect(loaded.patients.get(1)?.vitals.spo2?.value).toBe(96);
    expect(loaded.alerts.get(1)?.rev).toBe(3);
  });

  it("drops an alert of a lower revision", () => {
    expect(withAlert(loaded, anAlert({ rev: 2, state: "resolved" }))).toBe(loaded);
  });

  it("never lets an older value stand in for a newer one", () => {
    const next = reduce(loaded, {
      type: "vitals", seq: 2, prev: 1, server_time: LATER, patient_id: 1, stay_id: 1, score: null, device: null,
      vitals: { spo2: aVital({ value: 88, measured_at: AT }) },
    });
    expect(next.patients.get(1)?.vitals.spo2?.value).toBe(96);
  });

  it("knows how often something was written of a patient", () => {
    const next = reduce(loaded, { type: "news", seq: 2, prev: 1, patient_id: 1, stay_id: 1, events: 4, effects: 0, rounds: 0, home: 2 });
    expect(next.written).toEqual(new Map([[1, 4]]));
  });

  it("never shows values of another stay under a patient", () => {
    const next = reduce(loaded, {
      type: "vitals", seq: 2, prev: 1, server_time: LATER, patient_id: 1, stay_id: 2, score: null, device: null,
      vitals: { spo2: aVital({ value: 88, measured_at: LATER }) },
    });
    expect(next).toBe(loaded);
  });

  it("test_h36_heartbeat_says_since_when_alarms_may_fail_to_come", () => {
    const beat = { type: "heartbeat", seq: 1, prev: 1, server_time: "2026-11-21T12:00:00Z" } as const;
    const doubtful = reduce(EMPTY, { ...beat, in_doubt_since: "2026-11-21T11:59:00Z" });
    expect(doubtful.doubtSince).toBe(Date.parse("2026-11-21T11:59:00Z"));
    expect(reduce(doubtful, { ...beat, in_doubt_since: "2026-11-21T11:59:00Z" })).toBe(doubtful);
    expect(reduce(doubtful, beat).doubtSince).toBeNull();
  });
});
