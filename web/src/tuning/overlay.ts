// A plan's overlay and what is edited in it. Pure. An overlay names only what differs from what is below it; an edit
// sets a leaf, or takes it away so that the layer below speaks again. Nothing here knows what a field means.

import type { Json, Limits, Overlay, Plan, Setting } from "./shapes";
import type { Kind } from "../api/types";

/** Takes a leaf away: what is below applies. */
export const BELOW = Symbol("below");
export type Edit = Json | typeof BELOW;
/** By path, its parts joined by a slash: names of cards have dots in them. */
export type Edits = ReadonlyMap<string, Edit>;
export type Path = readonly string[];

type Tree = { [name: string]: Json };

export const NO_EDITS: Edits = new Map();
export const NO_LIMITS: Limits = {
  floor: null, alert_low: null, warn_low: null, warn_high: null, alert_high: null, ceiling: null,
  delay_s: 0, clear_by: 0, median_s: 0, k: 1, n: 1,
};

export const keyOf = (path: Path): string => path.join("/");
export const pathOf = (key: string): Path => key.split("/");

const isTree = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns the leaf at a path, undefined where the document names none. */
export function at(document: Overlay | Plan, path: Path): Json | undefined {
  let place: Json | undefined = document as unknown as Json;
  for (const name of path) {
    if (Array.isArray(place)) place = named(place as readonly Json[], name);
    else if (isTree(place)) place = place[name];
    else return undefined;
  }
  return place;
}

/** Returns the entry of a list that has a name, without it: a plan's combinations are a list, an overlay's are by name. */
function named(list: readonly Json[], name: string): Json | undefined {
  const found = list.find((each) => isTree(each) && each["name"] === name);
  return isTree(found) ? Object.fromEntries(Object.entries(found).filter(([key]) => key !== "name")) : undefined;
}

/** Returns the overlay with the edits made in it; branches that are left empty go. */
export function edited(overlay: Overlay, edits: Edits): Overlay {
  let tree = overlay as unknown as { readonly [name: string]: Json };
  for (const [key, edit] of edits) tree = withEdit(tree, pathOf(key), edit);
  return tree as unknown as Overlay;
}

function withEdit(tree: { readonly [name: string]: Json }, path: Path, edit: Edit): { readonly [name: string]: Json } {
  const [name = "", ...rest] = path;
  const copy: Tree = { ...tree };
  if (rest.length === 0) {
    if (edit === BELOW) Reflect.deleteProperty(copy, name);
    else copy[name] = edit;
    return copy;
  }
  const inner = copy[name];
  const changed = withEdit(isTree(inner) ? inner : {}, rest, edit);
  if (Object.keys(changed).length > 0) copy[name] = changed;
  else Reflect.deleteProperty(copy, name);
  return copy;
}

/** Returns the edits with one more; an edit that comes back to what the overlay says is none. */
export function withOne(edits: Edits, overlay: Overlay, path: Path, edit: Edit): Edits {
  const own = at(overlay, path);
  const same = edit === BELOW ? own === undefined : own !== undefined && alike(own, edit);
  const changed = new Map(edits);
  if (same) changed.delete(keyOf(path));
  else changed.set(keyOf(path), edit);
  return changed;
}

export const alike = (one: unknown, other: unknown): boolean => stable(one) === stable(other);

/** Writes a document with its names in order, so that two that say the same are written the same. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    isTree(each as Json) ? Object.fromEntries(Object.entries(each as Tree).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  );
}

export type Hours = "day" | "night";

/** Of how many of the last readings `k` are most, as suggestions mean it. */
export const mostOf = (k: number): number => 2 * k - 1;

/** Returns where a setting of a kind's limits stands, of the day or of the night. */
export const limitPath = (kind: Kind, setting: Setting, hours: Hours): Path =>
  hours === "day" ? ["limits", kind, setting] : ["night", "limits", kind, setting];

/** Returns a kind's limits as a plan has them; null where nothing is limited. */
export function limitsIn(plan: Plan, kind: Kind, hours: Hours): Limits | null {
  const day = plan.limits[kind] ?? null;
  return hours === "night" ? (plan.night?.limits[kind] ?? day) : day;
}

/** Returns a kind's limits with an overlay over a plan: of the night what differs from the day, by either of them. */
export function limitsOver(below: Plan, overlay: Overlay, kind: Kind, hours: Hours): Limits {
  const day = { ...NO_LIMITS, ...below.limits[kind], ...overlay.limits?.[kind] } as Limits;
  if (hours === "day" || overlay.night === null) return day;
  const usual = { ...NO_LIMITS, ...below.limits[kind] };
  const differs = Object.entries(below.night?.limits[kind] ?? {}).filter(([name, value]) => usual[name as Setting] !== value);
  return { ...day, ...Object.fromEntries(differs), ...overlay.night?.limits?.[kind] } as Limits;
}

const ENTRIES: readonly string[] = ["expected", "combinations", "cards"];

/** Returns a plan with an overlay over it, but for limits, which `limitsOver` gives: what rules are shown and checked by. */
export function laidOver(below: Plan, overlay: Overlay): Plan {
  const byName = Object.fromEntries(below.combinations.map(({ name, ...rest }) => [name, rest]));
  let tree = { ...below, combinations: byName } as unknown as { readonly [name: string]: Json };
  for (const [path, value] of leavesOf(overlay)) {
    if (path[0] === "limits" || (path[0] === "night" && path[1] === "limits") || value === BELOW) continue;
    tree = withEdit(tree, path, value === null && ENTRIES.includes(path[0] ?? "") ? BELOW : value);
  }
  const combinations = Object.entries((tree["combinations"] ?? {}) as Tree).map(([name, rest]) => ({ ...(rest as Tree), name }));
  return { expected: {}, cards: {}, ...tree, combinations } as unknown as Plan;
}

// What is laid over field by field; whatever else has parts is one leaf.
const BRANCHES: readonly string[] = ["limits", "night", "expected", "combinations", "rhythm", "cards"];

/** Takes an overlay apart into its leaves, as deep as the layers are folded. */
export function leavesOf(overlay: Overlay): readonly (readonly [Path, Edit])[] {
  const found: (readonly [Path, Edit])[] = [];
  const walk = (place: unknown, path: Path): void => {
    const deeper = path.length === 0 || (BRANCHES.includes(path[0] ?? "") && path.length < depth(path));
    if (deeper && typeof place === "object" && place !== null && !Array.isArray(place)) {
      for (const [name, inner] of Object.entries(place)) walk(inner, [...path, name]);
    } else found.push([path, place as Edit]);
  };
  walk(overlay, []);
  return found;
}

const depth = (path: Path): number => {
  if (path[0] === "limits") return 3;
  if (path[0] !== "night") return 2;
  return path[1] === "limits" ? 4 : 2;
};
