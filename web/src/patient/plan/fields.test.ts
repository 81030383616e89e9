import { describe, expect, it } from "vitest";
import type { Field } from "../types";
import { fieldName, limitsOf, originOf } from "./fields";

describe("the plan's fields", () => {
  it("stand in the order of the board, whatever order they come in", () => {
    const band = { warn_low: 1 };
    expect(limitsOf({ weight: band, spo2: band, heart_rate: band }).map((each) => each.kind)).toEqual(["heart_rate", "spo2", "weight"]);
  });

  it("leave out what has hard bounds alone: there is no band to show", () => {
    const hard = { ceiling: 3, alert_low: null, warn_low: null, warn_high: null, alert_high: null };
    expect(limitsOf({ consciousness: hard, spo2: { warn_low: 91 } }).map((each) => each.kind)).toEqual(["spo2"]);
  });

  it("say whose they are, and nothing where they are the template's", () => {
    const field = { path: "limits.spo2.alert_low", origin: "patient" } as Field;
    expect([originOf([field], "limits.spo2.alert_low"), originOf([field], "limits.spo2.warn_low")]).toEqual(["patient", null]);
  });

  it("are called by their words, and by their name where there are none", () => {
    const known: Readonly<Record<string, string>> = { "kind.spo2": "Syremättnad", "patient.alert_low": "Larm under" };
    const word = (key: string): string => known[key] ?? (key.split(".").pop() ?? "").replaceAll("_", " ");
    expect(fieldName("limits.spo2.alert_low", word)).toBe("Syremättnad, larm under");
    expect(fieldName("news2_high", word)).toBe("news2 high");
  });
});
