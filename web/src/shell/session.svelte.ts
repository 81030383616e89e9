// Who is logged in. A 401 anywhere ends it and leads to the log-in.

import * as api from "../api/client";
import type { Session } from "../api/types";
import { words } from "../i18n/words.svelte";
import { live } from "../live/live.svelte";
import { route } from "./route.svelte";

class Who {
  session = $state.raw<Session | null>(null);
  asked = $state(false);
  #after = "/";

  async ask(): Promise<void> {
    try {
      this.begin(await api.session());
    } catch (failure) {
      if (failure instanceof api.Refused && failure.status === 401) this.end();
      else setTimeout(() => void this.ask(), 3_000);
      return;
    } finally {
      this.asked = true;
    }
  }

  begin(session: Session): void {
    if (session.must_change_password) {
      this.end(); // the log-in asks for another password, and for the old one with it
      return;
    }
    this.session = session;
    words.suggest(session.account.language);
    // The board's stream is for staff; what patients and relatives see comes by their own page.
    if (session.account.kind === "staff") live.start(() => { this.end(); });
    if (route.login) route.go(this.#after);
  }

  end(): void {
    live.stop();
    this.session = null;
    if (route.login) return;
    this.#after = route.path + route.query;
    route.go("/login");
  }

  async logOut(): Promise<void> {
    await api.logOut().catch(() => undefined);
    this.end();
    this.#after = "/";
  }
}

export const who = new Who();
api.onUnauthorised(() => { who.end(); });
