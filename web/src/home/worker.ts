// The service worker: keeps the built files, by their digests, so that the page opens without a network. It never touches
// what the API says: an answer about a patient is never taken from here. One build is one cache; the older ones go.

interface Extendable extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Asked extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", act: (event: Extendable) => void): void;
  addEventListener(name: "fetch", act: (event: Asked) => void): void;
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

worker.addEventListener("install", (event) => { event.waitUntil(keep()); });
worker.addEventListener("activate", (event) => { event.waitUntil(clear()); });
worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== worker.location.origin || /^\/(api|fhir|healthz|readyz|metrics|ambulance|ambulance\.js)(\/|$)/.test(pathname)) return;
  if (event.request.mode === "navigate") event.respondWith(page(event.request));
  else if (pathname in FILES) event.respondWith(file(event.request, pathname));
});
