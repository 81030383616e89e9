import { describe, expect, it } from "vitest";
import { CATALOGUES, type Key } from "../../i18n/catalogues";
import { anybodySaw, due, rounds, seenBy, stages, type Told } from "./life";

const told = (more: Partial<Told>): Told => ({
  notification_id: "1", ring: 1, step: 1, channel: "push", to: { team_id: 1, team: "Testteamet", staff_id: null, name: null, title: null }, state: "queued",
  reason: null, attempts: 0, together: 1, queued_at: "2026-01-14T08:00:00Z", retry_at: null, sent_at: null, delivered_at: null, seen_at: null, failed_at: null, cancelled_at: null, ...more,
});

describe("H4: what became of a notification", () => {
  it("is told as far as it is known and no further", () => {
    const sent = told({ state: "sent", sent_at: "2026-01-14T08:00:02Z" });
    expect(stages(sent).map((each) => each.what)).toEqual(["sent"]);
    expect(anybodySaw([sent])).toBe(false);
    expect(stages(told({}))).toEqual([{ what: "queued", at: "2026-01-14T08:00:00Z" }]);
  });

  it("names who has seen it, once, by name where it is a person", () => {
    const seen = { seen_at: "2026-01-14T08:01:00Z" };
    const anna = { team_id: 1, team: "Testteamet", staff_id: 1, name: "Anna Provsson", title: null };
    expect(seenBy([told(seen), told({ to: anna, ...seen }), told({ to: anna, ...seen }), told({})])).toEqual(["Testteamet", "Anna Provsson"]);
  });

  it("shows a failure after the attempt", () => {
    expect(stages(told({ state: "failed", failed_at: "2026-01-14T08:00:09Z" })).at(-1)?.what).toBe("failed");
  });

  it("says why it did not come through, or was taken back, in the reader's own words", () => {
    const reasons = [
      "no_screen", "not_shown", "no_channel", "it does not answer", "it cannot be reached", "the gateway refused it", "inside the network",
      "acknowledged", "claimed", "accepted", "snoozed", "resolved", "settled", "ended", "rings_anew", "not_ringing",
    ].map((reason) => `told.why.${reason}` as Key);
    for (const language of ["sv", "en"] as const) expect(reasons.filter((key) => !(key in CATALOGUES[language]))).toEqual([]);
  });

  it("is grouped by the step that sent it, the first first", () => {
    const found = rounds([told({ step: 2 }), told({ step: 1 }), told({ step: 1, channel: "sms" })]);
    expect(found.map((each) => [each[0]?.step, each.length])).toEqual([[1, 2], [2, 1]]);
  });

  it("knows when the next is told", () => {
    const step = (level: number, state: "pending" | "fired", due_at: string) => ({ ring: 1, step: level, level, state, due_at, done_at: null, reason: null });
    expect(due([step(3, "pending", "2026-01-14T08:20:00Z"), step(2, "pending", "2026-01-14T08:10:00Z"), step(1, "fired", "2026-01-14T08:00:00Z")])).toBe("2026-01-14T08:10:00Z");
    expect(due([step(1, "fired", "2026-01-14T08:00:00Z")])).toBeNull();
  });
});
