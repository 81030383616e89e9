import { expect, test } from "vitest";
import type { Unit } from "./api";
import { byOrganisation, nameOf } from "./units";

const unit = (team: number | null, organisation: number, more: Partial<Unit> = {}): Unit => ({
  organisation_id: organisation,
  organisation: `Organisation ${String(organisation)}`,
  team_id: team,
  name: team === null ? `Organisation ${String(organisation)}` : `Team ${String(team)}`,
  answers: false,
  blocked: false,
  ...more,
});

test("units stand under their organisation, and what is blocked already is not offered again", () => {
  const own = unit(1, 1, { answers: true });
  const whole = unit(null, 2);
  const groups = byOrganisation([own, whole, unit(3, 2, { blocked: true }), unit(4, 2)]);

  expect(groups.map(([name, there]) => [name, there.map((each) => each.team_id)])).toEqual([
    ["Organisation 1", [1]],
    ["Organisation 2", [null, 4]],
  ]);
  expect([nameOf(own, "all"), nameOf(whole, "all")]).toEqual(["Team 1", "all"]);
});

test("an organisation of which all is blocked is not listed", () => {
  expect(byOrganisation([unit(null, 2, { blocked: true }), unit(3, 2, { blocked: true })])).toEqual([]);
});
