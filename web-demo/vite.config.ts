import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The built page needs nothing but its own origin: no inlined data URIs and no inline scripts, so that a strict CSP holds. */
export default defineConfig({
  root: here('.'),
  base: './',
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    rollupOptions: { input: { index: here('index.html'), avatars: here('avatars.html') } },
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    target: 'es2022',
    chunkSizeWarningLimit: 800,
  },
  server: {
    port: 5173,
    proxy: {
      '/v1': 'http://127.0.0.1:7860',
      '/socket.io': { target: 'http://127.0.0.1:7860', ws: true },
    },
  },
});
