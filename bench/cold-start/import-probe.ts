/** How long Node takes to get here, and then to import a function's bundle: a process that does nothing else. */
const started = performance.now();
await import(process.argv[2] ?? '');
process.send?.({
  'Node starts': started,
  'import of the bundle, clients made': performance.now() - started,
});

export {};
