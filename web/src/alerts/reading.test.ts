import { expect, test } from "vitest";
import { read, READ_MS, show } from "./reading";

const AT = 10_000;

test("test_h34_what_changed_under_the_finger_was_not_read", () => {
  const shown = show(show([], 1, AT), 2, AT + 5_000);
  expect(read(shown, AT + 5_000 + READ_MS - 1)).toBe(1);
  expect(read(shown, AT + 5_000 + READ_MS)).toBe(2);
});

test("the first revision is read at once, and one that is shown again is no news", () => {
  const shown = show([], 4, AT);
  expect(read(shown, AT)).toBe(4);
  expect(show(shown, 4, AT + 1)).toBe(shown);
  expect(read([], AT)).toBeNull();
});
