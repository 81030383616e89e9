import { describe, expect, it } from "vitest";
import { namesakes } from "./namesakes";

const named = (patient_id: number, given_name: string, family_name: string) => ({ patient_id, given_name, family_name });
const ANNA = named(1, "Anna", "Provsson");

describe("H6: who could be mistaken for whom", () => {
  it("a patient of the same name is a namesake, however it is written", () => {
    expect(namesakes(ANNA, [ANNA, named(2, "anna ", "PROVSSON")]).map((each) => each.patient_id)).toEqual([2]);
  });

  it("so is one of the same family name whose given name begins alike", () => {
    expect(namesakes(ANNA, [named(3, "Agda", "Provsson"), named(4, "Bo", "Provsson"), named(5, "Anna", "Testberg")]).map((each) => each.patient_id)).toEqual([3]);
  });
});
