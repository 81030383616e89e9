// What this browser keeps for a page that works without a network: what was entered and not sent, the last own page, an
// answer begun. All of it says whose it is. It is wiped when that person logs out; nothing of it is ever a cache of the API.

const NAME = "hemvakt-home";
const STORES = ["outbox", "kept"] as const;
type Store = (typeof STORES)[number];

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => { for (const store of STORES) asked.result.createObjectStore(store); };
    asked.onsuccess = () => { done(asked.result); };
    asked.onerror = () => { opened = null; failed(asked.error ?? new Error("no store")); };
  });
  return opened;
}

async function within<T>(store: Store, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await database()).transaction(store, mode);
  const asked = act(transaction.objectStore(store));
  return new Promise((done, failed) => {
    transaction.oncomplete = () => { done(asked.result); };
    transaction.onabort = transaction.onerror = () => { failed(transaction.error ?? new Error("not kept")); };
  });
}

/** Keeps something; it is on the disk when this returns. */
export const put = async (store: Store, key: string, value: unknown): Promise<void> => {
  await within(store, "readwrite", (into) => into.put(value, key));
};
/** Returns what is kept, undefined where nothing is. Who asks says what it is: nobody else writes here. */
export const get = (store: Store, key: string): Promise<unknown> => within<unknown>(store, "readonly", (from) => from.get(key));
export const all = (store: Store): Promise<readonly unknown[]> => within<unknown[]>(store, "readonly", (from) => from.getAll());
export const remove = async (store: Store, key: string): Promise<void> => {
  await within(store, "readwrite", (from) => from.delete(key));
};
const keys = (store: Store): Promise<readonly IDBValidKey[]> => within(store, "readonly", (from) => from.getAllKeys());

/** Forgets what is kept of everybody else's pages, and of the account's own where `account` is null. Not what waits. */
export async function forgetPages(account: number | null): Promise<void> {
  for (const key of await keys("kept")) if (account === null || !String(key).endsWith(`:${String(account)}`)) await remove("kept", String(key));
}
