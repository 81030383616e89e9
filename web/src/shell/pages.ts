// Every page: its address, who may see it, what it is called in the menu, and where its code is. A page is loaded when
// it is first opened; the API decides what it gets to show, this table only what is offered.

import type { Component } from "svelte";
import type { AccountKind, Session } from "../api/types";
import type { Key } from "../i18n/catalogues";

export interface PageProps {
  readonly session: Session;
  /** The numbers of the address that the pattern names: `/patient/:id` gives `id`. A last part like `?part` is a word
   * that may be left out; the page reads it from the address itself, so that it is not opened anew for another one. */
  readonly params: Readonly<Record<string, string>>;
}

/** Who comes to a page. An operator is staff that sees no patients: the pages of the ward are not theirs. */
export type Visitor = AccountKind | "operator";
export const visitor = (session: Session): Visitor => (session.staff?.role === "operator" ? "operator" : session.account.kind);

export interface PageOf {
  readonly path: string;
  readonly of: readonly Visitor[];
  /** What the menu calls it; a page that is reached from another one has none. */
  readonly menu?: Key;
  readonly load: () => Promise<{ readonly default: Component<PageProps> }>;
}

export const PAGES: readonly PageOf[] = [
  { path: "/", of: ["staff"], menu: "board.nav", load: () => import("../board/Board.svelte") },
  { path: "/patient/:id/?part", of: ["staff"], load: () => import("../patient/Patient.svelte") },
  { path: "/round", of: ["staff"], menu: "round.nav", load: () => import("../round/Round.svelte") },
  { path: "/round/handover", of: ["staff"], load: () => import("../round/Handover.svelte") },
  { path: "/round/coverage", of: ["staff"], load: () => import("../round/Coverage.svelte") },
  { path: "/round/schedule", of: ["staff"], load: () => import("../round/Schedule.svelte") },
  { path: "/round/replay", of: ["staff"], load: () => import("../round/Replay.svelte") },
  { path: "/round/outcomes", of: ["staff"], load: () => import("../round/Outcomes.svelte") },
  { path: "/tuning/patient/:id", of: ["staff"], load: () => import("../tuning/PatientPlan.svelte") },
  { path: "/tuning", of: ["staff"], menu: "tuning.nav", load: () => import("../tuning/Tuning.svelte") },
  { path: "/tuning/team/:id", of: ["staff"], load: () => import("../tuning/TeamPlan.svelte") },
  { path: "/security", of: ["staff", "operator"], load: () => import("./Security.svelte") },
  { path: "/", of: ["operator"], menu: "operator.nav", load: () => import("../operator/Operator.svelte") },
  { path: "/patient/:id/?part", of: ["operator"], load: () => import("../operator/Log.svelte") },
  { path: "/", of: ["patient", "relative"], load: () => import("../home/Home.svelte") },
  { path: "/answers", of: ["patient"], load: () => import("../home/Answers.svelte") },
  { path: "/measure", of: ["patient"], load: () => import("../home/Measure.svelte") },
  { path: "/values", of: ["patient", "relative"], load: () => import("../home/Values.svelte") },
  { path: "/relatives", of: ["patient"], load: () => import("../home/Relatives.svelte") },
  { path: "/sharing", of: ["patient"], load: () => import("../home/Sharing.svelte") },
  { path: "/looks", of: ["patient"], load: () => import("../home/Looks.svelte") },
];

export interface Found {
  readonly page: PageOf;
  readonly params: Readonly<Record<string, string>>;
}

/** Returns the page of an address for that visitor; null where there is none. */
export function find(path: string, kind: Visitor, pages: readonly PageOf[] = PAGES): Found | null {
  for (const page of pages) {
    const params = page.of.includes(kind) ? match(page.path, path) : null;
    if (params) return { page, params };
  }
  return null;
}

function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/").filter(Boolean);
  const given = path.split("/").filter(Boolean);
  if (wanted.at(-1)?.startsWith("?") && given.length === wanted.length - 1) wanted.pop();
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [place, part] of wanted.entries()) {
    const found = given[place] ?? "";
    if (part.startsWith(":")) {
      if (!/^\d{1,15}$/.test(found)) return null;
      params[part.slice(1)] = found;
    } else if (part.startsWith("?") ? !/^[a-z-]{1,30}$/.test(found) : part !== found) return null;
  }
  return params;
}
