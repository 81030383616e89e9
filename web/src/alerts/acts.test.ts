import { describe, expect, it, test } from "vitest";
import { anAlert } from "../live/builders";
import { askedOf, left, offered, PAUSES, undoS, type Me, whom } from "./acts";

const ME: Me = { staffId: 1, teamIds: [11] };
const SOMEBODY = { staff_id: 2, name: "Omar Exempeldoktor", title: "Läkare" };
const MYSELF = { staff_id: 1, name: "Anna Provsköterska", title: "Sjuksköterska" };
const NOW = Date.parse("2026-11-21T10:00:00Z");

test("test_h24_what_a_colleague_has_taken_is_not_offered_to_be_taken", () => {
  const taken = anAlert({ holder: SOMEBODY, responsibility: "accepted", signal: "acknowledged", state: "acknowledged" });
  expect(offered(taken, ME).first).not.toContain("claim");
  expect(offered(taken, ME).more).not.toContain("pass");
});

test("test_h05_what_its_holder_has_let_ring_again_another_may_take", () => {
  const ringing = anAlert({ holder: SOMEBODY, responsibility: "accepted", signal: "ringing" });
  expect(offered(ringing, ME).first).toEqual(["ack", "claim"]);
});

test("test_h09_no_pause_is_offered_beyond_what_a_priority_allows", () => {
  expect(Math.max(...PAUSES.high)).toBe(15);
  expect(Math.max(...PAUSES.medium)).toBe(240);
  expect(Math.max(...PAUSES.low)).toBe(1440);
  expect(offered(anAlert({ signal: "paused", state: "acknowledged" }), ME).more).not.toContain("pause");
});

describe("what is offered", () => {
  it("is seeing and taking for what rings, closing for what one has", () => {
    expect(offered(anAlert(), ME).first).toEqual(["ack", "claim"]);
    expect(offered(anAlert({ holder: MYSELF, responsibility: "accepted", signal: "acknowledged", state: "acknowledged" }), ME).first).toEqual(["close"]);
  });

  it("is an answer, where one was asked oneself or in one's team, and for nobody else", () => {
    const offer = { team_id: 11, team_name: "Teamet", staff: null, by: 2, until: "2026-11-21T10:02:00Z" };
    expect(offered(anAlert({ offer, responsibility: "offered" }), ME).first).toEqual(["accept", "decline"]);
    expect(askedOf(anAlert({ offer: { ...offer, staff: SOMEBODY, by: 3 } }), ME)).toBe(false);
    expect(askedOf(anAlert({ offer: { ...offer, by: 1 } }), ME)).toBe(false);
  });

  it("is nothing for what is closed", () => {
    expect(offered(anAlert({ state: "resolved", closure: "closed" }), ME)).toEqual({ first: [], more: [] });
  });
});

describe("taking back", () => {
  const alert = anAlert({ undo: { staff_id: 1, until: "2026-11-21T10:00:10Z" } });

  it("is for whoever acted, while its seconds last", () => {
    expect(undoS(alert, 1, NOW)).toBe(10);
    expect(undoS(alert, 2, NOW)).toBe(0);
    expect(undoS(alert, 1, NOW + 11_000)).toBe(0);
  });
});

describe("who is told next", () => {
  it("is called by name where it is a person, and counted where it is many", () => {
    expect(whom([{ name: "Omar Exempeldoktor", team: "Testteamet" }])).toEqual({ to: "Omar Exempeldoktor", n: 0 });
    expect(whom([{ name: null, team: "Testteamet" }, { name: "Anna", team: "Testteamet" }])).toEqual({ to: "Testteamet", n: 1 });
    expect(whom([])).toEqual({ to: "", n: 0 });
  });
});

describe("a countdown", () => {
  it.each([[192_000, "3\u00a0min 12\u00a0s"], [60_000, "1\u00a0min 00\u00a0s"], [1_000, "1\u00a0s"], [-5_000, "0\u00a0s"], [3_720_000, "1\u00a0h 02\u00a0min"]])("of %i ms reads %s", (ms, text) => {
    expect(left(NOW + ms, NOW)).toBe(text);
  });
});
