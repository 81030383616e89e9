// Writes into the service worker which files were built, each with its digest, and a digest of all: a new build is a new
// worker, and keeps its own files.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "vite";

const digest = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex").slice(0, 16);
const WORKER = "worker.js";

export function offline(): Plugin {
  let publicFolder = "";
  return {
    name: "offline",
    apply: "build",
    enforce: "post",
    configResolved(config) {
      publicFolder = config.publicDir;
    },
    generateBundle(_, bundle) {
      const built: Record<string, string> = {};
      for (const [name, part] of Object.entries(bundle)) if (name !== WORKER) built[`/${name}`] = digest(part.type === "chunk" ? part.code : part.source);
      for (const name of readdirSync(publicFolder)) built[`/${name}`] = digest(readFileSync(resolve(publicFolder, name)));
      const worker = bundle[WORKER];
      if (worker?.type !== "chunk") throw new Error(`there is no ${WORKER}`);
      const listed = JSON.stringify(Object.fromEntries(Object.entries(built).sort()));
      worker.code = worker.code.replaceAll("__BUILT__", () => listed).replaceAll("__BUILD__", () => JSON.stringify(digest(listed)));
    },
  };
}
