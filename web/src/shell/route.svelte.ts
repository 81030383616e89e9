// The address of the page, and whether it hangs on a wall. Which page belongs to it: `pages.ts`.

class Route {
  path = $state(location.pathname);
  query = $state(location.search);
  readonly wall = $derived(new URLSearchParams(this.query).has("wall"));

  get login(): boolean {
    return this.path === "/login";
  }


  go(address: string): void {
    if (address !== this.path + this.query) history.pushState(null, "", address);
    this.#read();
    scrollTo(0, 0);
  }

  /** Follows a click on a link of our own without loading the page anew. */
  follow = (event: MouseEvent): void => {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!plain || !(event.currentTarget instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    this.go(event.currentTarget.pathname + event.currentTarget.search);
  };

  listen(): () => void {
    const read = (): void => { this.#read(); };
    addEventListener("popstate", read);
    return () => { removeEventListener("popstate", read); };
  }

  #read(): void {
    this.path = location.pathname;
    this.query = location.search;
  }
}

export const route = new Route();
