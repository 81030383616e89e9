import { expect, test } from "vitest";
import { whole } from "./phones";

test("a telephone number stays on one line, other figures are left alone", () => {
  expect(whole("ring 08-465 004 03. Klockan 10 30")).toBe("ring 08\u2011465\u00a0004\u00a003. Klockan 10 30");
});
