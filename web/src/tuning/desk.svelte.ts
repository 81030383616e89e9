// One plan on the desk: what is in force, what is being changed, what the server says of the change, and saving it.
// Nothing counts as saved before the server says so; what was typed stays, whatever fails.

import { Refused } from "../api/client";
import * as api from "./api";
import { inOrder } from "./checks";
import { slips, type Slip } from "./consistency";
import { alike, at, BELOW, edited, keyOf, laidOver, leavesOf, limitsOver, NO_EDITS, pathOf, withOne, type Edit, type Edits, type Path } from "./overlay";
import type { Kind } from "../api/types";
import { NO_RANGES } from "./ranges";
import type { Fault, Json, Overlay, Owner, Plan, PlanState, Programme, Ranges, Review, Version } from "./shapes";

const SETTLED_MS = 350;

export type Trouble = "missing" | "failed" | null;
const REFUSALS = ["over", "own", "not_doctor", "not_ordering", "not_caring", "overtaken"] as const;
export type Refusal = (typeof REFUSALS)[number];
export type Outcome =
  | { readonly kind: "saved" | "awaiting" | "draft" | "silent" | "withdrawn"; readonly version: number }
  | { readonly kind: "refused"; readonly faults: readonly Fault[]; readonly oddities: readonly Fault[]; readonly reason: Refusal | null; readonly detail: string }
  | { readonly kind: "conflict" | "untried" | "unreached" };

export class Desk {
  state = $state.raw<PlanState | null>(null);
  programmes = $state.raw<readonly Programme[]>([]);
  ranges = $state.raw<Ranges>(NO_RANGES);
  /** What lies below the overlay: the template, with the team's overlay where the plan is a patient's. */
  below = $state.raw<Plan | null>(null);
  /** The team's fields, for the column between template and patient. */
  team = $state.raw<PlanState | null>(null);
  versions = $state.raw<readonly Version[]>([]);
  edits = $state.raw<Edits>(NO_EDITS);
  review = $state.raw<Review | null>(null);
  reviewing = $state(false);
  trouble = $state<Trouble>(null);
  busy = $state(false);
  outcome = $state.raw<Outcome | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(readonly owner: Owner) {}

  readonly standing = $derived<Overlay>(this.state?.overlay ?? {});
  /** The overlay with all edits: what is tried, and what stands where it is saved until further notice. */
  readonly overlay = $derived(edited(this.standing, this.edits));
  readonly programme = $derived(this.programmes.find((each) => each.programme === this.state?.programme) ?? null);
  /** The plan as it would be, but for limits. */
  readonly plan = $derived(this.below ? laidOver(this.below, this.overlay) : null);
  readonly slips = $derived<readonly Slip[]>(this.plan ? slips(this.plan, this.ranges) : []);
  readonly changed = $derived(this.edits.size > 0);
  readonly ordered = $derived(this.slips.length === 0 && this.#isOrdered());

  async load(): Promise<void> {
    try {
      const [state, page, versions] = await Promise.all([
        this.owner.kind === "patient" ? api.patientPlan(this.owner.patientId) : api.teamPlan(this.owner.teamId, this.owner.programme),
        api.programmes(),
        api.versions(this.owner),
      ]);
      // A team of another organisation shows its plan to nobody here: then what it differs in is not in its column.
      const team = this.owner.kind === "patient" && state.team_id !== null
        ? await api.teamPlan(state.team_id, state.programme).catch(() => null)
        : null;
      this.state = state;
      this.edits = stillDiffering(this.edits, state.overlay);
      this.programmes = page.items;
      this.ranges = page;
      this.team = team;
      this.below = team?.plan ?? this.programme?.plan ?? state.plan;
      this.versions = versions;
      this.trouble = null;
      if (this.changed) this.#ask();
    } catch (failure) {
      this.trouble = failure instanceof Refused && failure.status === 404 ? "missing" : "failed";
    }
  }

  set(path: Path, edit: Edit): void {
    this.edits = withOne(this.edits, this.standing, path, edit);
    this.outcome = null;
    this.#ask();
  }

  /** Takes away what the overlay says there: what is below it applies again. */
  inherit(paths: readonly Path[]): void {
    for (const path of paths) this.set(path, BELOW);
  }

  /** Whether the overlay, as it is being edited, says anything there. */
  owns(paths: readonly Path[]): boolean {
    return paths.some((path) => at(this.overlay, path) !== undefined);
  }

  /** Sets a leaf, or takes it away where it comes to what is below. */
  put(path: Path, value: Json): void {
    this.set(path, this.below && alike(at(this.below, path) ?? null, value) ? BELOW : value);
  }

  undo(path: Path): void {
    const left = new Map(this.edits);
    if (!left.delete(keyOf(path))) return;
    this.edits = left;
    this.#ask();
  }

  clear(): void {
    this.empty();
    this.outcome = null;
  }

  /** Takes everything off the desk; what came of it stays to be read. */
  empty(): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.edits = NO_EDITS;
    this.review = null;
    this.reviewing = false;
  }

  /** Lays a draft's overlay on the desk, as edits of what is in force. */
  open(overlay: Overlay): void {
    let edits: Edits = NO_EDITS;
    for (const [path, value] of leavesOf(overlay)) edits = withOne(edits, this.standing, path, value);
    const named = new Set(leavesOf(overlay).map(([path]) => keyOf(path)));
    for (const [path] of leavesOf(this.standing)) if (!named.has(keyOf(path))) edits = withOne(edits, this.standing, path, BELOW);
    this.edits = edits;
    this.outcome = null;
    this.#ask();
  }

  /** The overlay as it is saved: with an end, only what is changed now, which lies over everything until then. */
  toSave(until: string | null): Overlay {
    if (until === null) return this.overlay;
    const below = this.below;
    const said = ([key, edit]: readonly [string, Edit]): [string, Edit] => [key, edit === BELOW ? ((below && at(below, pathOf(key))) ?? null) : edit];
    return edited({}, new Map([...this.edits].map(said)));
  }

  #isOrdered(): boolean {
    const below = this.below;
    if (!below) return true;
    const kinds = new Set([...Object.keys(below.limits), ...Object.keys(this.overlay.limits ?? {})]) as Set<Kind>;
    return [...kinds].every((kind) => (["day", "night"] as const).every((hours) => inOrder(limitsOver(below, this.overlay, kind, hours), kind, this.ranges)));
  }

  #ask(): void {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    if (!this.changed) {
      this.review = null;
      this.reviewing = false;
      return;
    }
    this.reviewing = true;
    this.#timer = setTimeout(() => void this.#look(turn), SETTLED_MS);
  }

  async #look(turn: number): Promise<void> {
    try {
      const said = await api.review(this.owner, { overlay: this.overlay, reason: "review", meant: [], until: null });
      if (turn === this.#turn) this.review = said;
    } catch (failure) {
      if (turn === this.#turn && failure instanceof Refused && failure.status === 422) this.review = refusedReview(failure, this.review);
    } finally {
      if (turn === this.#turn) this.reviewing = false;
    }
  }

  /** Does something to the plan; its outcome says what came of it, and the plan is fetched anew where it went well. */
  async act(work: (rev: number) => Promise<Outcome>): Promise<boolean> {
    if (!this.state || this.busy) return false;
    this.busy = true;
    this.outcome = null;
    try {
      const outcome = await work(this.state.rev);
      this.outcome = outcome;
      await this.load();
      return true;
    } catch (failure) {
      this.outcome = outcomeOf(failure);
      // It may have been saved although nobody heard so: what is in force is looked at again.
      if (this.outcome.kind === "unreached") await this.load();
      return false;
    } finally {
      this.busy = false;
    }
  }
}

/** Leaves out what the plan says by now: it was saved, here or by somebody else. */
function stillDiffering(edits: Edits, standing: Overlay): Edits {
  let left: Edits = NO_EDITS;
  for (const [key, edit] of edits) left = withOne(left, standing, pathOf(key), edit);
  return left;
}

function outcomeOf(failure: unknown): Outcome {
  if (!(failure instanceof Refused)) return { kind: "unreached" };
  const { faults, oddities } = failure.problem as { readonly faults?: readonly Fault[]; readonly oddities?: readonly Fault[] };
  if (failure.status === 409 && "rev" in failure.problem) return { kind: "conflict" };
  if (failure.status === 503) return { kind: "untried" };
  const reason = REFUSALS.find((each) => each === failure.problem["reason"]) ?? null;
  return { kind: "refused", faults: faults ?? [], oddities: oddities ?? [], reason, detail: failure.detail };
}

function refusedReview(failure: Refused, before: Review | null): Review | null {
  const faults = (failure.problem["faults"] as readonly Fault[] | undefined) ?? [];
  return before ? { ...before, faults } : null;
}
