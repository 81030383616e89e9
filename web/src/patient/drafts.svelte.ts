// What somebody has begun to write about a patient, kept until the server has it: leaving the page for another part of
// it, a failed save and a new log-in lose nothing. It stays in memory alone, because a shared computer must not keep
// patients' data, and belongs to the account that wrote it.

const kept = new Map<string, Draft<unknown>>();

export class Draft<T> {
  value = $state<T>() as T;
  /** The same for every attempt to save this one draft, so that a repeat creates nothing twice. */
  key = drawn();
  readonly #empty: () => T;
  readonly #touched: (value: T) => boolean;

  constructor(empty: () => T, touched: (value: T) => boolean) {
    this.#empty = empty;
    this.#touched = touched;
    this.value = empty();
  }

  get touched(): boolean {
    return this.#touched(this.value);
  }

  /** The server has it: the next one is another. */
  done(): void {
    this.value = this.#empty();
    this.key = drawn();
  }

  /** The text was changed after a failure: it is not the same request any more. */
  changed(): void {
    this.key = drawn();
  }
}

/** Returns the draft of one form of one patient by one account, begun now or earlier. */
export function draftOf<T>(accountId: number, patientId: number, form: string, empty: () => T, touched: (value: T) => boolean): Draft<T> {
  const name = `${String(accountId)}/${String(patientId)}/${form}`;
  const found = kept.get(name) as Draft<T> | undefined;
  if (found) return found;
  const made = new Draft(empty, touched);
  kept.set(name, made as Draft<unknown>);
  return made;
}

/** Says whether one of these forms of a patient was begun by an account and not saved. */
export const begun = (accountId: number, patientId: number, forms: readonly string[]): boolean =>
  forms.some((form) => kept.get(`${String(accountId)}/${String(patientId)}/${form}`)?.touched ?? false);

addEventListener("beforeunload", (event) => {
  if ([...kept.values()].some((draft) => draft.touched)) event.preventDefault();
});

/** Not `randomUUID`: that exists on https alone, and a ward's test machine need not have it. */
export function drawn(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
