import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { embed } from "./build/embed.ts";
import { licenses } from "./build/licenses.ts";
import { redoc } from "./build/redoc.ts";

// The last three are templates: server/site fills in what stands in {{ }}.
const pages = ["verify", "forgot-password", "reset-password", "confirm-email", "docs", "redoc", "problem", "problems", "not-found"];

export default defineConfig({
  publicDir: false,
  plugins: [redoc(), licenses(), embed()],
  build: {
    outDir: "../gen/web",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Swagger UI and Redoc are large, and each is loaded by its own page alone.
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: pages.map((page) => resolve(import.meta.dirname, `${page}.html`)),
    },
  },
  test: {
    environment: "happy-dom",
  },
});
