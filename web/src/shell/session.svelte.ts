// Who is logged in. A 401 anywhere ends it and leads to the log-in. Patients and relatives, whose page works without a
// network, are remembered on this screen until they log out; who logs out without one is logged out by the next request.

import * as api from "../api/client";
import type { Session } from "../api/types";
import { words } from "../i18n/words.svelte";
import { live } from "../live/live.svelte";
import { visitor } from "./pages";
import { lookAfter } from "./waker";
import { route } from "./route.svelte";

const KEPT = "hemvakt.session";
const LEAVING = "hemvakt.leaving";
const AGAIN_MS = 3_000;

class Who {
  session = $state.raw<Session | null>(null);
  asked = $state(false);
  /** Somebody was here, and their session ended without their asking for it. Not a state: a page that is taken down by
   * this very change would read of a state what it was before. */
  lapsed = false;
  /** Nobody is known here, and the server cannot be asked. */
  alone = $state(false);
  #after = "/";

  async ask(): Promise<void> {
    try {
      if (localStorage.getItem(LEAVING) !== null) await this.#leave();
      this.begin(await api.session());
    } catch (failure) {
      if (failure instanceof api.Refused && failure.status === 401) this.end();
      else {
        if (localStorage.getItem(LEAVING) !== null) this.end();
        else if (!this.session) this.#goOn(remembered());
        this.alone = !this.session;
        setTimeout(() => void this.ask(), AGAIN_MS);
      }
      return;
    } finally {
      this.asked = true;
    }
  }

  begin(session: Session): void {
    if (session.must_change_password || session.must_enrol) {
      this.end(); // the log-in asks for another password or a second factor, and for the password with it
      return;
    }
    localStorage.removeItem(LEAVING);
    this.lapsed = this.alone = false;
    this.session = session;
    words.suggest(session.account.language);
    // The board's stream is for staff of a ward; what patients and relatives see comes by their own page.
    if (visitor(session) === "staff") {
      live.start(() => { this.end(); });
      // What cannot be mended now is tried again when a page is opened next, and said on the page of one's own account.
      lookAfter(session.account.account_id).catch(() => undefined);
    } else if (session.account.kind !== "staff") localStorage.setItem(KEPT, JSON.stringify(session));
    if (route.login) route.go(this.#after);
  }

  /** Goes on with who was here, until the server can be asked. */
  #goOn(kept: Session | null): void {
    if (kept) this.begin(kept);
  }

  end(): void {
    live.stop();
    localStorage.removeItem(KEPT);
    this.lapsed ||= this.session !== null;
    this.alone = false;
    this.session = null;
    if (route.login) return;
    this.#after = route.path + route.query;
    route.go("/login");
  }

  async logOut(): Promise<void> {
    localStorage.setItem(LEAVING, "1");
    await this.#leave().catch(() => undefined);
    this.end();
    this.lapsed = false;
    this.#after = "/";
  }

  /** Ends the session at the server; what cannot be told now is told before anything else is asked. */
  async #leave(): Promise<void> {
    await api.logOut().catch((failure: unknown) => {
      if (!(failure instanceof api.Refused && failure.status === 401)) throw failure;
    });
    localStorage.removeItem(LEAVING);
  }
}

function remembered(): Session | null {
  const text = localStorage.getItem(KEPT);
  const found = text === null ? null : (JSON.parse(text) as Session);
  return found && Date.parse(found.expires_at) > Date.now() ? found : null;
}

export const who = new Who();
api.onUnauthorised(() => { who.end(); });
