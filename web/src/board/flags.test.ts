import { expect, test } from "vitest";
import type { Tile } from "../api/types";
import { flagsOf, type Beside } from "./flags";

const t: Beside["t"] = (key, places) => [key, ...Object.values(places ?? {})].join(" ");
const nothing: Beside = { eased: null, order: null, holder: null, viewers: [], t };
const device = (online: boolean, battery_pct: number | null): Tile["device"] => ({ device_id: "hv-1", online, battery_pct, firmware: null, reported_at: null });
const texts = (tile: Pick<Tile, "device" | "goals">, beside: Partial<Beside>): readonly string[] => flagsOf(tile, { ...nothing, ...beside }).map((each) => each.text);

test("one flag is said in full, two are said shorter and keep their whole sentence", () => {
  const eased = { brief: "wider until 02:00", end: "until 02:00", whole: "wider than the team's: SpO2" };
  expect(texts({ device: device(false, 9), goals: "full" }, {})).toEqual(["tile.offline"]);
  expect(texts({ device: device(false, 9), goals: "full" }, { eased })).toEqual(["tile.offline_brief", "until 02:00"]);
  expect(flagsOf({ device: device(false, 9), goals: "full" }, { ...nothing, eased }).map((each) => each.whole)).toEqual(["tile.offline", "wider than the team's: SpO2"]);
});

test("a battery is spoken of when it is low, and somebody's people by their first names", () => {
  expect(texts({ device: device(true, 21), goals: "full" }, {})).toEqual([]);
  expect(texts({ device: device(true, 20), goals: "full" }, {})).toEqual(["tile.battery 20"]);
  expect(texts({ device: device(true, null), goals: "full" }, { holder: "Anna A", viewers: ["Omar B", "Emily C"] })).toEqual(["Anna", "Omar +1"]);
});

test("whose care is for comfort says so first, and who has no device is not called out of contact", () => {
  expect(texts({ device: null, goals: "comfort" }, {})).toEqual(["tile.comfort_brief", "tile.no_device"]);
});
