import type { Plugin } from 'esbuild';

/**
 * Lets a bundle `require` Node's http where its sources import it.
 *
 * To import a module of Node's as ESM, Node reads all its exports, and among those of http are `WebSocket` and
 * `CloseEvent`, which load all of undici: 15 ms of a cold start, for nothing.
 */
export function nodeHttpPlugin(): Plugin {
  return {
    name: 'node-http',
    setup(build) {
      build.onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
        kind === 'require-call' ? undefined : { path: 'node:http', namespace: 'node-http' },
      );
      build.onLoad({ filter: /.*/, namespace: 'node-http' }, () => ({
        contents: "module.exports = require('node:http');",
        loader: 'js',
      }));
    },
  };
}
