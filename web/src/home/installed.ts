// Has the browser keep the built files, so that the page opens without a network, and knows where its icon is.

let asked = false;

export function install(): void {
  if (asked || !("serviceWorker" in navigator) || import.meta.env.DEV) return;
  asked = true;
  navigator.serviceWorker.register("/worker.js").catch(() => { asked = false; });
}
