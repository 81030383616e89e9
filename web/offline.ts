// Writes into the service worker which files were built, each with its digest, and a digest of all: a new build is a new
// worker, and keeps its own files. Icons and alphabets that the page has no words in are left to the network.

import type { Plugin } from "vite";

const WORKER = "worker.js";
const UNUSED = /-(cyrillic|greek|vietnamese)(-ext)?-/;

async function digest(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...found.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    enforce: "post",
    async generateBundle(_, bundle) {
      const built: [string, string][] = [];
      for (const [name, part] of Object.entries(bundle)) {
        if (name !== WORKER && !UNUSED.test(name)) built.push([`/${name}`, await digest(part.type === "chunk" ? part.code : part.source)]);
      }
      const worker = bundle[WORKER];
      if (worker?.type !== "chunk" || !built.some(([name]) => name === "/index.html")) throw new Error("the page or its worker is missing");
      const listed = JSON.stringify(Object.fromEntries(built.sort()));
      const build = JSON.stringify(await digest(listed));
      worker.code = worker.code.replaceAll("__BUILT__", () => listed).replaceAll("__BUILD__", () => build);
    },
  };
}
