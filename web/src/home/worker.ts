// The service worker: keeps the built files, by their digests, so that the page opens without a network. It never touches
// what the API says: an answer about a patient is never taken from here. One build is one cache; the older ones go.
// It shows what is pushed, too: where staff have let this browser be woken.

import { board, leadsTo, shown } from "./pushed";

interface Extendable extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Asked extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Pushed extends Extendable {
  readonly data: { text(): string } | null;
}
interface Touched extends Extendable {
  readonly notification: Notification;
}
interface OpenPage {
  readonly url: string;
  focus(): Promise<unknown>;
}
interface Worker {
  readonly location: Location;
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(of: { readonly type: "window"; readonly includeUncontrolled: boolean }): Promise<readonly OpenPage[]>;
    openWindow(address: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", act: (event: Extendable) => void): void;
  addEventListener(name: "fetch", act: (event: Asked) => void): void;
  addEventListener(name: "push", act: (event: Pushed) => void): void;
  addEventListener(name: "notificationclick", act: (event: Touched) => void): void;
}

// Filled in by the build: every file with its digest.
declare const __BUILT__: Readonly<Record<string, string>>;
declare const __BUILD__: string;

const worker = self as unknown as Worker;
const FILES = __BUILT__;
const NAME = `hemvakt-${__BUILD__}`;
const PATIENCE_MS = 4_000;

async function keep(): Promise<void> {
  const cache = await caches.open(NAME);
  await cache.addAll(Object.keys(FILES).map((path) => new Request(path, { cache: "reload" })));
  await worker.skipWaiting();
}

async function clear(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith("hemvakt-") && name !== NAME);
  await Promise.all(others.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** The page as the server has it; where it does not answer in time, as it was built when it was kept. */
async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (failure) {
    const kept = await caches.match("/index.html", { cacheName: NAME });
    if (!kept) throw failure;
    return kept;
  }
}

const file = async (request: Request, path: string): Promise<Response> => (await caches.match(path, { cacheName: NAME })) ?? fetch(request);

/** A board that is open shows the alert already, and whoever works in it loses nothing; else the alert's address is opened. */
async function open(link: unknown): Promise<void> {
  const { clients, location } = worker;
  const there = board(await clients.matchAll({ type: "window", includeUncontrolled: true }));
  const focused = await there?.focus().then(() => true, () => false);
  if (!focused) await clients.openWindow(leadsTo(link, location.origin));
}

worker.addEventListener("install", (event) => { event.waitUntil(keep()); });
worker.addEventListener("activate", (event) => { event.waitUntil(clear()); });
worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== worker.location.origin || /^\/(api|fhir|healthz|readyz|metrics|ambulance|ambulance\.js)(\/|$)/.test(pathname)) return;
  if (event.request.mode === "navigate") event.respondWith(page(event.request));
  else if (pathname in FILES) event.respondWith(file(event.request, pathname));
});
worker.addEventListener("push", (event) => {
  const { title, options } = shown(event.data?.text() ?? null);
  event.waitUntil(worker.registration.showNotification(title, options));
});
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open((event.notification.data as { readonly link?: unknown } | null)?.link));
});
