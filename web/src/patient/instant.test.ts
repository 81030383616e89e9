import { describe, expect, it } from "vitest";
import { fromField, toField } from "./instant";

describe("a time that somebody types", () => {
  it("is by the patient's clock, in summer and in winter", () => {
    expect([fromField("2026-07-01T08:30"), fromField("2026-01-01T08:30")]).toEqual(["2026-07-01T06:30:00.000Z", "2026-01-01T07:30:00.000Z"]);
  });

  it("comes back as it was typed", () => {
    expect(toField(fromField("2026-10-25T05:15") ?? "")).toBe("2026-10-25T05:15");
  });

  it("that is not whole is none", () => {
    expect([fromField(""), fromField("2026-01-01T")]).toEqual([null, null]);
  });
});
