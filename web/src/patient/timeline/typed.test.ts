import { describe, expect, it } from "vitest";
import { look, read, unitsOf } from "./typed";

describe("H7: a value and its unit", () => {
  it("98.6 is refused as degrees Celsius, and Fahrenheit is asked about", () => {
    expect(look({ kind: "temperature", text: "98,6", unit: "Cel" })).toMatchObject({ state: "impossible", fits: ["[degF]"] });
  });

  it("98.6 °F is shown as what will be kept before it is sent", () => {
    const looked = look({ kind: "temperature", text: "98.6", unit: "[degF]" });
    expect(looked.state === "fine" && looked.canonical?.toFixed(1)).toBe("37.0");
  });

  it("a pressure of 16 is no pressure in mmHg and one in kPa", () => {
    expect(look({ kind: "systolic", text: "16", unit: "mm[Hg]" })).toMatchObject({ state: "impossible", fits: ["kPa"] });
  });

  it("the unit that is kept stands first", () => {
    expect(unitsOf("glucose")[0]).toBe("mmol/L");
  });
});

describe("H18: what was typed", () => {
  it("is a number with a comma or a point, and nothing is not zero", () => {
    expect([read("37,2"), read(" 37.2 "), read("0")]).toEqual([37.2, 37.2, 0]);
    expect([read(""), read("12/8"), read("1 2"), read("1e3"), read("NaN")]).toEqual([null, null, null, null, null]);
    expect(look({ kind: "spo2", text: "  ", unit: "%" })).toEqual({ state: "empty" });
  });

  it("is one of five letters where it is the level of consciousness", () => {
    expect(look({ kind: "consciousness", text: "C", unit: "{score}" }).state).toBe("fine");
    expect(look({ kind: "consciousness", text: "X", unit: "{score}" }).state).toBe("no_number");
  });
});
