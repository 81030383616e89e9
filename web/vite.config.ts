import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { compressed } from "./compressed";
import { offline } from "./offline";

// Nothing is inlined as data: the page's content security policy allows neither inline script nor data fonts.
export default defineConfig({
  plugins: [svelte(), offline(), compressed()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: "index.html", worker: "src/home/worker.ts" },
      // The worker stands beside the page: what it may serve is what lies below it.
      output: { entryFileNames: (part) => (part.name === "worker" ? "worker.js" : "assets/[name]-[hash].js") },
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
