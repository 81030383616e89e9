// Sends what was entered, now or when there is a network again, after a restart of the browser too. What decides is in
// `outbox.ts`; what is kept between is in `keep.ts`. Entries of other accounts stay where they are, unseen and unsent.

import { http, Refused, told } from "../api/client";
import { words } from "../i18n/words.svelte";
import { whyNot } from "../shell/refused";
import * as keep from "./keep";
import { fate, HELD_MS, RETRY_MS, sendable, UNDO_MS, type Content, type Entry } from "./outbox";

class Outbox {
  /** What this person has entered that the server has not got, or will not take. */
  entries = $state.raw<readonly Entry[]>([]);
  /** When the newest entry arrived, in ms; 0 where none has since the page was opened. */
  arrived = $state(0);
  /** When a call for help arrived of which the page does not know yet what became of it, in ms; 0 for none. */
  rang = $state(0);
  /** Whether the network failed the last time something was sent. */
  cut = $state(false);
  #account = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #sending = false;
  #flying: string | null = null;
  #rest = 0;
  #heard: ((entry: Entry) => void) | null = null;

  async start(account: number, heard: (entry: Entry) => void): Promise<void> {
    this.#account = account;
    this.#heard = heard;
    await this.#read();
    void this.send();
  }

  stop(): void {
    this.#account = 0;
    this.entries = [];
    this.rang = 0;
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** Keeps an entry and has it sent; rejects where this browser cannot keep it, and then nothing is entered. */
  async add(patient: number, content: Content): Promise<Entry> {
    const now = Date.now();
    const from = content.kind === "help" ? now : now + UNDO_MS;
    const entry: Entry = { ...content, id: key(), account: this.#account, patient, entered: now, from, refused: null };
    await keep.put("outbox", entry.id, entry);
    await this.#read();
    void this.send();
    return entry;
  }

  /** Takes an entry back; false where it is on its way or has arrived. */
  async take(id: string): Promise<boolean> {
    if (this.#flying === id || !this.#has(id)) return false;
    await keep.remove("outbox", id);
    await this.#read();
    return true;
  }

  /** Takes everything of this person back: at log-out. */
  async wipe(): Promise<void> {
    for (const entry of this.entries) await keep.remove("outbox", entry.id);
    this.entries = [];
  }

  send = async (): Promise<void> => {
    if (this.#sending || this.#account === 0) return;
    this.#sending = true;
    try {
      // One page of this browser at a time; where there are no locks the keys of the entries see to it that all is well.
      if ("locks" in navigator) await navigator.locks.request("hemvakt-outbox", () => this.#sendAll());
      else await this.#sendAll();
    } finally {
      this.#sending = false;
      this.#again();
    }
  };

  async #sendAll(): Promise<void> {
    await this.#read();
    for (const entry of sendable(this.entries, this.#account, Date.now())) {
      if (!this.#has(entry.id)) continue;
      this.#flying = entry.id;
      const [status, detail] = await post(entry).finally(() => { this.#flying = null; });
      const became = fate(status);
      this.cut = became === "later";
      this.#rest = became === "later" ? RETRY_MS : became === "held" ? HELD_MS : 0;
      if (became === "sent") {
        await keep.remove("outbox", entry.id);
        this.arrived = Date.now();
        if (entry.kind === "help") this.rang = this.arrived;
      } else if (became === "refused") await keep.put("outbox", entry.id, { ...entry, refused: detail });
      await this.#read();
      if (became === "sent") this.#heard?.(entry);
      if (became === "later" || became === "held") return;
    }
  }

  #has(id: string): boolean {
    return this.entries.some((entry) => entry.id === id);
  }

  async #read(): Promise<void> {
    const account = this.#account;
    const found = (await keep.all("outbox").catch(() => [])) as readonly Entry[];
    if (account === this.#account) this.entries = found.filter((entry) => entry.account === account).sort((one, other) => one.entered - other.entered);
  }

  #again(): void {
    if (this.#timer) clearTimeout(this.#timer);
    const waiting = this.entries.filter((entry) => entry.refused === null);
    if (waiting.length === 0 || this.#account === 0) return;
    const next = Math.min(...waiting.map((entry) => entry.from));
    this.#timer = setTimeout(() => void this.send(), Math.max(200, this.#rest, next - Date.now() + 50));
  }
}

/** Draws an idempotency key; `randomUUID` is not there on every address that a page may have. */
const key = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Sends one entry, and returns the status and what was said; 0 where no answer came. */
async function post(entry: Entry): Promise<readonly [number, string]> {
  const params = { path: { patient_id: entry.patient }, header: { "Idempotency-Key": entry.id, "For-Account": entry.account } };
  try {
    if (entry.kind === "help") await told(http.POST("/api/patients/{patient_id}/help", { params, body: entry.body }));
    else if (entry.kind === "readings") await told(http.POST("/api/patients/{patient_id}/readings", { params, body: entry.body }));
    else await told(http.POST("/api/patients/{patient_id}/check-ins", { params, body: entry.body }));
    return [201, ""];
  } catch (failure) {
    return failure instanceof Refused ? [failure.status, whyNot(failure, words.language)] : [0, ""];
  }
}

export const outbox = new Outbox();
