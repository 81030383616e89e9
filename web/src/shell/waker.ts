// Whether this browser is woken for whoever is logged in: switched on and off, and looked after each time a page is opened,
// since a browser may change its subscription, or give it up, while no page is there to tell the server.

import { http, Refused, told } from "../api/client";
import { bytes, hintOf, isIos, same, standing, type Browser, type Held, type Standing, type Typed, type Ways } from "./ways";

const MARK = "hemvakt.woken.";
const PATIENCE_MS = 20_000;

/** Why a browser could not be switched on, by the name that its words have. */
export class Unwoken extends Error {
  constructor(readonly why: "unanswered" | "denied" | "no_service" | "strange_service") {
    super(why);
  }
}

export const list = (): Promise<Ways> => told(http.GET("/api/me/channels"));
export const add = (kind: Typed, address: string): Promise<Ways> => told(http.POST("/api/me/channels", { body: { kind, address, mode: "real" } }));
export const remove = (id: number): Promise<void> =>
  told(http.DELETE("/api/me/channels/{channel_id}", { params: { path: { channel_id: id } } })).then(() => undefined, unlessGone);

/** What somebody else has taken out meanwhile is out. */
export function unlessGone(failure: unknown): void {
  if (!(failure instanceof Refused && failure.status === 404)) throw failure;
}

export const able = (): Browser => ({
  secure: isSecureContext,
  push: "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && !import.meta.env.DEV,
  ios: isIos(navigator.userAgent, navigator.maxTouchPoints),
  permission: "Notification" in window ? Notification.permission : "default",
});

const markOf = (account: number): string => MARK + String(account);

/** What this browser was switched on with; null where it was not, or the browser keeps nothing. */
function kept(account: number): string | null {
  try {
    return localStorage.getItem(markOf(account));
  } catch {
    return null;
  }
}

async function subscription(): Promise<PushSubscription | null> {
  if (!able().push) return null;
  return (await (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription()) ?? null;
}

async function held(account: number, key: string | null): Promise<Held> {
  const mark = kept(account);
  const now = mark === null ? null : await subscription().catch(() => null);
  return { kept: mark, hint: now && (await hintOf(now.endpoint)), current: key !== null && same(now?.options.applicationServerKey, key) };
}

export const look = async (account: number, ways: Ways): Promise<Standing> => standing(await held(account, ways.push_key), ways.items);
export const ownHint = (account: number): string | null => kept(account);

/** The worker, in force; one that cannot be kept is no way to be told. */
async function registration(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register("/worker.js");
  const late = new Promise<never>((_, fail) => { setTimeout(() => { fail(new Unwoken("no_service")); }, PATIENCE_MS); });
  return Promise.race([navigator.serviceWorker.ready, late]);
}

async function subscribe(key: string): Promise<PushSubscription> {
  try {
    const { pushManager } = await registration();
    const there = await pushManager.getSubscription();
    if (there && same(there.options.applicationServerKey, key)) return there;
    await there?.unsubscribe();
    return await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  } catch (failure) {
    throw new Unwoken(failure instanceof DOMException && failure.name === "NotAllowedError" ? "denied" : "no_service");
  }
}

async function registered(made: PushSubscription): Promise<Ways> {
  const { endpoint, expirationTime, keys } = made.toJSON();
  const body = { endpoint: endpoint ?? "", expirationTime: expirationTime ?? null, keys: { p256dh: keys?.["p256dh"] ?? "", auth: keys?.["auth"] ?? "" } };
  try {
    return await told(http.POST("/api/me/push-subscriptions", { body }));
  } catch (failure) {
    throw failure instanceof Refused && failure.status === 422 ? new Unwoken("strange_service") : failure;
  }
}

/** Has this browser be woken, and tells the server how. What it was woken by before is taken out. */
export async function switchOn(account: number, key: string): Promise<Ways> {
  const answer = await Notification.requestPermission();
  if (answer !== "granted") throw new Unwoken(answer === "denied" ? "denied" : "unanswered");
  const before = kept(account);
  const made = await subscribe(key);
  const ways = await registered(made);
  const hint = await hintOf(made.endpoint);
  localStorage.setItem(markOf(account), hint);
  const older = ways.items.find((way) => way.kind === "push" && way.hint === before && way.hint !== hint);
  // One that stays is told of once more, until its push service calls it gone.
  const out = older && (await remove(older.channel_id).then(() => true, () => false));
  if (!out) return ways;
  return { ...ways, items: ways.items.filter((way) => way !== older) };
}

/** Forgets that it was on; where nobody else of this browser is told by it, the browser gives its subscription up. */
export async function forget(account: number): Promise<void> {
  localStorage.removeItem(markOf(account));
  if (!Object.keys(localStorage).some((name) => name.startsWith(MARK))) await (await subscription())?.unsubscribe();
}

/** Subscribes anew where this browser was on and is no longer written to. Asks the server only where it was on. */
export async function lookAfter(account: number): Promise<void> {
  if (kept(account) === null || !able().push || Notification.permission !== "granted") return;
  const ways = await list();
  if (ways.push_key !== null && (await look(account, ways)) === "anew") await switchOn(account, ways.push_key);
}
