import { createReadStream } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { Engine } from '../core/engine/engine.ts';
import { loadRuntime } from '../core/engine/load-runtime.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import { FilePaths } from './file-paths.ts';
import { type TimedOutputs, timedRun } from './timed-run.ts';
import {
  pack,
  sendError,
  type WorkerMessage,
  type WorkerRequest,
  type WorkerSettings,
} from './worker-messages.ts';

/** A thread that runs models, one run after the other, each on this thread alone. */
const port = parentPort;
if (!port) throw new Error('this file is started as a worker thread');
const { directory, maxBytes } = workerData as WorkerSettings;

/** Versions that were loaded, by digest. */
const versions = new Map<string, ModelVersion>();
/** Where their files came from. */
const paths = new FilePaths();

const engine = new Engine({
  artifacts: { open: async ({ digest }) => createReadStream(paths.of(digest) ?? digest) },
  directory,
  maxBytes,
  threads: 1,
  keepsMemory: true,
  onEvent: (event) => send({ type: 'event', event }),
});

port.on('message', (request: WorkerRequest) => {
  answer(request).then(
    (outcome) => sendOutcome(request.id, outcome),
    (error) => send({ type: 'failed', id: request.id, error: sendError(error) }),
  );
});

// Loading the runtime is most of what the first model waits for.
await loadRuntime().catch(() => {});
send({ type: 'ready' });

async function answer(request: WorkerRequest): Promise<TimedOutputs | undefined> {
  switch (request.type) {
    case 'load':
      versions.set(request.version.artifact.digest, request.version);
      paths.set(request.version.artifact.digest, request.paths);
      await engine.load(request.version);
      return undefined;
    case 'run': {
      const version = versions.get(request.digest);
      if (!version) throw new Error(`run of ${request.digest}, which was never loaded`);
      return await timedRun(engine, version, request.inputs, request.outputs);
    }
    case 'forget': {
      const version = versions.get(request.digest);
      versions.delete(request.digest);
      paths.delete(request.digest);
      if (version) await engine.forget(version);
      return undefined;
    }
    case 'stop':
      port?.close();
      return undefined;
  }
}

function sendOutcome(id: number, outcome: TimedOutputs | undefined): void {
  if (!outcome) {
    send({ type: 'done', id });
    return;
  }
  const { tensors, moved } = pack(outcome.outputs);
  const message: WorkerMessage = { type: 'done', id, outputs: tensors, ms: outcome.ms };
  try {
    send(message, moved);
  } catch {
    // Memory that belongs to the runtime cannot be handed over.
    send(message);
  }
}

function send(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}
