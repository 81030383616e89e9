// What was entered and is to be sent: in which order, and what becomes of an entry by the answer to it. Pure.
// The invariant: an entry leaves for one of two reasons, the server has it or its person took it back; it is sent by its
// own account alone, with the key it was given when it was entered, so that sending it again enters it once.

import type { paths } from "../api/schema";

type Body<Path extends keyof paths> = paths[Path] extends { post: { requestBody: { content: { "application/json": infer Found } } } } ? Found : never;

export type ReadingsBody = Body<"/api/patients/{patient_id}/readings">;
export type CheckInBody = Body<"/api/patients/{patient_id}/check-ins">;
export type HelpBody = Body<"/api/patients/{patient_id}/help">;

export type Content =
  | { readonly kind: "help"; readonly body: HelpBody }
  | { readonly kind: "readings"; readonly body: ReadingsBody }
  | { readonly kind: "check_in"; readonly body: CheckInBody };

export type Entry = Content & {
  /** The idempotency key. */
  readonly id: string;
  readonly account: number;
  readonly patient: number;
  /** When it was entered, and from when on it may be sent: until then it can be taken back. In ms. */
  readonly entered: number;
  readonly from: number;
  /** Why the server will not take it, null while it has not said so. */
  readonly refused: string | null;
};

/** How long an entry can be taken back before it is sent, in ms; a call for help goes at once. */
export const UNDO_MS = 8_000;
/** How long the network is left alone after it has failed, in ms. */
export const RETRY_MS = 5_000;
/** How long is waited while somebody else is logged in, in ms. */
export const HELD_MS = 60_000;

/** Returns what may be sent now by that account: calls for help first, then in the order in which they were entered. */
export function sendable(entries: readonly Entry[], account: number, now: number): readonly Entry[] {
  const rank = (entry: Entry): number => (entry.kind === "help" ? 0 : 1);
  return entries
    .filter((entry) => entry.account === account && entry.refused === null && entry.from <= now)
    .sort((one, other) => rank(one) - rank(other) || one.entered - other.entered);
}

export type Fate = "sent" | "later" | "held" | "refused";

/** Says what becomes of an entry by the status of the answer; 0 where none came. `held` waits for its own account. */
export function fate(status: number): Fate {
  if (status >= 200 && status < 300) return "sent";
  if (status === 401 || status === 412) return "held";
  if (status === 0 || status === 408 || status === 425 || status === 429 || status >= 500) return "later";
  return "refused";
}
