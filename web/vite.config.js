import { defineConfig } from 'vite';

// No inline script or style anywhere: the console's Content-Security-Policy forbids them.
export default defineConfig({
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': 'http://127.0.0.1:5230' } },
});
