import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import type { Load, Target } from './load-client.ts';

/** autocannon in a process of its own, which can be kept on a core of its own. */
const { target, load } = JSON.parse(process.argv[2] ?? '{}') as { target: Target; load: Load };
const [first = ''] = target.urls;

const result = await autocannon({
  url: new URL(first).origin,
  connections: load.connections,
  duration: load.seconds,
  // Latency then counts from when a request was due.
  ...(load.rate !== undefined && { overallRate: load.rate }),
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: readFileSync(target.bodyFile),
  requests: target.urls.map((url) => ({ path: new URL(url).pathname })),
});
process.send?.(result);
