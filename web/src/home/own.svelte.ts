// The page of one patient, as the patient or a relative sees it: told by the live line, and asked for besides. Without a
// network the last one is shown, and says from when it is. What is closed to a relative is gone at once.

import { Refused } from "../api/client";
import type { Session } from "../api/types";
import { day } from "../clinical/time";
import * as api from "./api";
import * as keep from "./keep";
import { Line } from "./line";
import { outbox } from "./outbox.svelte";

const EVERY_MS = 120_000;
const SOON_MS = 8_000;
const WAITING_MS = 2_500;
/** After so long without a word the page calls itself old, though nothing has failed. */
const OLD_MS = 150_000;

interface Kept {
  readonly at: number;
  readonly offset: number;
  readonly whose: api.Opening;
  readonly home: api.Home;
  readonly opened: api.Opened | null;
  readonly due: readonly api.Due[];
  readonly typable: readonly api.Typable[];
  readonly help: api.Help | null;
}

class Own {
  kept = $state.raw<Kept | null>(null);
  openings = $state.raw<readonly api.Opening[]>([]);
  /** Whether the last attempt failed. */
  late = $state(false);
  /** Nothing is open to this relative, or the patient is no longer in care. */
  closed = $state(false);
  now = $state(Date.now());
  /** The day it is here: what is said of a time is said anew at midnight. */
  readonly today = $derived(day(this.server(this.now)));
  #session: Session | null = null;
  #chosen: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #ticker: ReturnType<typeof setInterval> | null = null;
  #asking = false;
  /** Something has happened since what is being asked was asked: it is asked once more. */
  #stale = false;
  readonly #line = new Line({
    home: (home) => { this.#told(home); },
    beat: () => { this.#told(null); },
    gone: () => {
      this.late = true;
      void this.refresh();
    },
  });

  get old(): boolean {
    return this.kept !== null && (this.late || this.now - this.kept.at > OLD_MS);
  }

  get patient(): boolean {
    return this.#session?.account.kind === "patient";
  }

  /** The time by the server's clock, in ms: a tablet's own may be wrong. */
  serverNow(): number {
    return this.server(Date.now());
  }

  /** A time of this screen's own clock by the server's, in ms. */
  server(ms: number): number {
    return ms + (this.kept?.offset ?? 0);
  }

  async start(session: Session): Promise<void> {
    if (this.#session?.account.account_id === session.account.account_id) {
      void this.refresh();
      return;
    }
    this.stop();
    this.#session = session;
    const account = session.account.account_id;
    await keep.forgetPages(account).catch(() => undefined);
    this.kept = ((await keep.get("kept", `page:${String(account)}`).catch(() => undefined)) as Kept | undefined) ?? null;
    this.late = this.kept !== null && !navigator.onLine;
    if (this.patient) void outbox.start(account, () => void this.refresh());
    this.#ticker = setInterval(() => { this.now = Date.now(); }, 1_000);
    addEventListener("online", this.#wake);
    addEventListener("offline", this.#fell);
    document.addEventListener("visibilitychange", this.#wake);
    void this.refresh();
  }

  stop(): void {
    this.#session = null;
    this.kept = null;
    this.openings = [];
    this.#chosen = null;
    this.closed = this.late = false;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#ticker) clearInterval(this.#ticker);
    this.#line.stop();
    outbox.stop();
    removeEventListener("online", this.#wake);
    removeEventListener("offline", this.#fell);
    document.removeEventListener("visibilitychange", this.#wake);
  }

  /** Forgets all that this browser keeps of the person: at log-out. */
  async wipe(): Promise<void> {
    await outbox.wipe();
    await keep.forgetPages(null);
    this.stop();
  }

  /** The session is over: what is kept of the page goes; what was entered or begun waits for its own account. */
  async #ended(): Promise<void> {
    await keep.remove("kept", `page:${String(this.#session?.account.account_id)}`).catch(() => undefined);
    this.stop();
  }

  choose(patient: number): void {
    this.#chosen = patient;
    this.kept = null;
    void this.refresh();
  }

  refresh = async (): Promise<void> => {
    const session = this.#session;
    if (session === null) return;
    if (this.#asking) {
      this.#stale = true;
      return;
    }
    this.#asking = true;
    this.#stale = false;
    try {
      const rang = outbox.rang;
      const found = await this.#ask();
      if (session !== this.#session) return;
      this.closed = found === null;
      this.late = false;
      if (found) this.#line.follow(found.home.patient_id);
      await this.#take(session, found);
      // What was asked after the call had arrived tells what became of it.
      if (outbox.rang === rang) outbox.rang = 0;
    } catch (failure) {
      if (session !== this.#session) return;
      if (failure instanceof Refused && failure.status === 401) await this.#ended();
      else if (failure instanceof Refused && (failure.status === 404 || failure.status === 403)) {
        this.closed = true;
        await this.#take(session, null);
      } else this.late = true;
    } finally {
      this.#asking = false;
      if (this.#stale) void this.refresh();
      else this.#again();
    }
  };

  async #ask(): Promise<Kept | null> {
    const { items } = await api.openings();
    this.openings = items;
    const whose = items.find((each) => each.patient_id === this.#chosen) ?? items[0];
    if (!whose) return null;
    const id = whose.patient_id;
    const own = this.patient;
    const [home, opened, due, typable, help] = await Promise.all([
      api.home(id),
      api.opened(id),
      own ? api.measuring(id) : null,
      own ? (this.kept?.typable ?? api.typable(id).then((each) => each.items)) : [],
      own ? api.help(id) : null,
    ]);
    const at = Date.now();
    return { at, offset: Date.parse(home.server_time) - at, whose, home, opened, due: due?.due ?? [], typable, help };
  }

  async #take(session: Session, found: Kept | null): Promise<void> {
    this.kept = found;
    this.now = Date.now();
    if (found === null) this.#line.stop();
    const name = `page:${String(session.account.account_id)}`;
    await (found === null ? keep.remove("kept", name) : keep.put("kept", name, found)).catch(() => undefined);
  }

  /** What the line says: the page as it is now, or (null) that it is as it was. */
  #told(home: api.Home | null): void {
    if (!this.kept || !this.#session || (home && home.patient_id !== this.kept.home.patient_id)) return;
    this.late = false;
    this.now = Date.now();
    if (home) void this.#take(this.#session, { ...this.kept, home, at: this.now });
    else this.kept = { ...this.kept, at: this.now };
  }

  #again(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#session === null) return;
    const help = this.kept?.help;
    const answered = !help?.called_at || help.seen_at !== null || help.over_at !== null;
    this.#timer = setTimeout(() => void this.refresh(), !answered ? WAITING_MS : this.late ? SOON_MS : EVERY_MS);
  }

  #wake = (): void => {
    if (document.visibilityState === "hidden") return;
    this.now = Date.now();
    void this.refresh();
    void outbox.send();
  };

  #fell = (): void => { this.late = true; };
}

export const own = new Own();
