// A week as it is edited.

import { expect, test } from "vitest";
import { fresh, same, withDay, withoutPerson, withPerson } from "./week";

test("a day is put in at its place of the week, and taken out again", () => {
  const more = withDay({ ...fresh("Dag"), days: ["tue"] }, "mon");
  expect(more.days).toEqual(["mon", "tue"]);
  expect(withDay(more, "tue").days).toEqual(["mon"]);
});

test("nobody is twice in a crew, and a crew without anybody is no crew", () => {
  const one = { ...fresh("Dag"), crews: [[1], [2]] };
  expect(withPerson(withPerson(one, 0, 3), 0, 3).crews).toEqual([[1, 3], [2]]);
  expect(withoutPerson(one, 0, 1).crews).toEqual([[2]]);
});

test("a week that is put back is the same as before", () => {
  const week = [fresh("Dag")];
  expect(same(week, [withDay(withDay(fresh("Dag"), "sat"), "sat")])).toBe(true);
  expect(same(week, [withDay(fresh("Dag"), "sat")])).toBe(false);
});
