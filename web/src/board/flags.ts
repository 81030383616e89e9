// What stands beside a patient's name in a few words: the device, scale 2, wider limits, who has an alert, who looks. Pure. What
// matters most comes first; beside others each is said shorter, and the whole of it stays in `whole`.

import type { Tile } from "../api/types";
import type { Key } from "../i18n/catalogues";

export type Sign = "comfort" | "no_device" | "offline" | "battery" | "scale_2" | "eased" | "holder" | "viewers";
export interface Flag {
  readonly sign: Sign;
  readonly text: string;
  readonly whole: string;
}
export interface Beside {
  /** Wider limits: in a row, beside other flags, and as a sentence. */
  readonly eased: { readonly brief: string; readonly end: string; readonly whole: string } | null;
  /** An order of SpO2 scale 2 that somebody has to look at: in a row, and as a sentence. */
  readonly order: { readonly brief: string; readonly whole: string } | null;
  readonly holder: string | null;
  readonly viewers: readonly string[];
  readonly t: (key: Key, places?: Readonly<Record<string, string | number>>) => string;
}
interface Said extends Flag {
  readonly brief: string;
}

const LOW_PCT = 20;
const first = (name: string): string => name.split(" ")[0] ?? name;

export function flagsOf({ device, goals }: Pick<Tile, "device" | "goals">, beside: Beside): readonly Flag[] {
  const found = [...ofCare(goals, beside), ...ofDevice(device, beside), ...ofOrder(beside), ...ofLimits(beside), ...ofPeople(beside)];
  return found.map(({ sign, text, brief, whole }) => ({ sign, text: found.length > 1 ? brief : text, whole }));
}

function ofCare(goals: Tile["goals"], { t }: Beside): Said[] {
  const text = t("tile.comfort");
  return goals === "comfort" ? [{ sign: "comfort", text, brief: t("tile.comfort_brief"), whole: text }] : [];
}

/** A device out of contact says nothing new of its battery. */
function ofDevice(device: Tile["device"], { t }: Beside): Said[] {
  if (!device) return [{ sign: "no_device", text: t("tile.no_device"), brief: t("tile.no_device"), whole: t("tile.no_device") }];
  if (device.online === false) return [{ sign: "offline", text: t("tile.offline"), brief: t("tile.offline_brief"), whole: t("tile.offline") }];
  if (device.battery_pct === null || device.battery_pct > LOW_PCT) return [];
  const n = Math.round(device.battery_pct);
  const text = t("tile.battery", { n });
  return [{ sign: "battery", text, brief: `${String(n)} %`, whole: text }];
}

function ofOrder({ order }: Beside): Said[] {
  return order ? [{ sign: "scale_2", text: order.brief, brief: order.brief, whole: order.whole }] : [];
}

function ofLimits({ eased }: Beside): Said[] {
  return eased ? [{ sign: "eased", text: eased.brief, brief: eased.end, whole: eased.whole }] : [];
}

function ofPeople({ holder, viewers, t }: Beside): Said[] {
  const some: Said[] = [];
  if (holder) some.push({ sign: "holder", text: first(holder), brief: first(holder), whole: `${t("tile.holder")} ${holder}` });
  if (viewers.length > 0) {
    const names = viewers.map(first);
    const brief = names.length > 1 ? `${names[0] ?? ""} +${String(names.length - 1)}` : (names[0] ?? "");
    some.push({ sign: "viewers", text: names.join(", "), brief, whole: `${t("tile.viewers")} ${viewers.join(", ")}` });
  }
  return some;
}
