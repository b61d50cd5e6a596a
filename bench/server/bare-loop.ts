import { createServer, type ServerResponse } from 'node:http';
import { loadRuntime } from '../../core/engine/load-runtime.ts';
import { sessionOptions } from '../../core/engine/session-options.ts';

/**
 * The floor under every server of JavaScript: `node:http`, `JSON.parse` and `session.run` on one thread. It checks nothing,
 * merges what came while the model ran, and would run anything.
 */
const [file = '', port = '0', mostRows = '1'] = process.argv.slice(2);

interface Input {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly never[];
}

interface Waiting {
  readonly inputs: readonly Input[];
  readonly response: ServerResponse;
}

const { InferenceSession, Tensor } = await loadRuntime();
const session = await InferenceSession.create(file, sessionOptions({ threads: 1 }));
let waiting: Waiting[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { inputs } = JSON.parse(Buffer.concat(chunks).toString()) as Pick<Waiting, 'inputs'>;
    waiting.push({ inputs, response });
    if (waiting.length === 1) setImmediate(() => void runWaiting());
  });
});
server.listen(Number(port), '127.0.0.1');

/** All that waits, which is at most as many as there are connections. */
async function runWaiting(): Promise<void> {
  const all = waiting;
  waiting = [];
  for (let i = 0; i < all.length; i += Number(mostRows)) await runMerged(all.slice(i, i + Number(mostRows)));
}

async function runMerged(requests: readonly Waiting[]): Promise<void> {
  const feeds = Object.fromEntries(
    (requests[0]?.inputs ?? []).map(({ name, datatype, shape }, index) => {
      const data = requests.flatMap(({ inputs }) => inputs[index]?.data ?? []);
      const type = datatype === 'BYTES' ? 'string' : 'float32';
      return [name, new Tensor(type, data, [requests.length, ...shape.slice(1)])];
    }),
  );
  const outputs = Object.entries(await session.run(feeds));
  for (const [row, { response }] of requests.entries()) {
    const parts = outputs.map(([name, { type, dims, data }]) => {
      const width = data.length / requests.length;
      const values = Array.from<unknown>((data as Float32Array).slice(row * width, (row + 1) * width));
      const datatype = type === 'string' ? 'BYTES' : 'FP32';
      return { name, datatype, shape: [1, ...dims.slice(1)], data: values };
    });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ model_name: 'model', model_version: '1', outputs: parts }));
  }
}
