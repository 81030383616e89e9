// A repeat is known by its words.

import { expect, test } from "vitest";
import { Repeat } from "./repeat";

test("the same words go by the same key until they are answered, other words by another", () => {
  const repeat = new Repeat();
  const first = repeat.of({ note: "a" });
  expect(repeat.of({ note: "a" })).toBe(first);
  expect(repeat.of({ note: "b" })).not.toBe(first);
  const second = repeat.of({ note: "b" });
  repeat.done();
  expect(repeat.of({ note: "b" })).not.toBe(second);
});
