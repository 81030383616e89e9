// What a push says, as the notification that is shown, and where a touch on it leads. Pure. A browser that wakes a page
// must show something: what cannot be read is shown all the same, since somebody was to be told. Nothing is added to what
// the server sent, which names nobody.

export interface Shown {
  readonly title: string;
  readonly options: NotificationOptions & { readonly renotify: boolean };
}

const UNREAD = "Nytt larm i Hemvakt / New alert in Hemvakt";

const text = (given: unknown): string | null => (typeof given === "string" && given !== "" ? given : null);

function fields(sent: string | null): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(sent ?? "");
    return typeof found === "object" && found !== null ? (found as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** What is shown of a push. The same alert takes its own place, and is heard again; what is urgent stays until it is touched. */
export function shown(sent: string | null): Shown {
  const told = fields(sent);
  const title = text(told["title"]);
  const tag = text(told["tag"]) ?? text(told["id"]) ?? "";
  return {
    title: title ?? UNREAD,
    options: {
      body: title === null ? "" : (text(told["body"]) ?? ""),
      tag,
      renotify: tag !== "", // a browser refuses it where there is no tag, and hears each anew then
      requireInteraction: title === null || told["urgent"] === true,
      icon: "/icon-192.png",
      data: { link: text(told["link"]) },
    },
  };
}

/** The address that a touch opens: what the message names, at our own server and at no other. */
export function leadsTo(link: unknown, origin: string): string {
  try {
    const { protocol, pathname, search } = new URL(text(link) ?? "/", origin);
    return /^https?:$/.test(protocol) ? origin + pathname.replace(/^\/+/, "/") + search : `${origin}/`;
  } catch {
    return `${origin}/`;
  }
}

interface Opened {
  readonly url: string;
}

/** Which of our open pages is the board, where there is one. */
export function board<P extends Opened>(pages: readonly P[]): P | null {
  return pages.find((page) => new URL(page.url).pathname === "/") ?? null;
}
