import('./absent.mjs');
