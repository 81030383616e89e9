import { describe, expect, it } from "vitest";
import { addressOf, SECTIONS, sectionOf } from "./sections";

describe("the parts of the page", () => {
  it("are found by their address, and their address by them", () => {
    expect(SECTIONS.map((each) => sectionOf(addressOf(3, each.word)))).toEqual([...SECTIONS]);
  });

  it("are not invented", () => {
    expect(sectionOf("/patient/3/nonsense")).toBeNull();
  });
});
