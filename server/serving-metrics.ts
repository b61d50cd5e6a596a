import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineEvent } from '../core/engine/engine-event.ts';
import type { BatchEvent } from '../core/engine/micro-batcher.ts';
import type { Prediction } from '../core/protocol/prediction.ts';
import type { PoolEvent } from './engine-pool.ts';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Numbers that are asked for when somebody looks. */
export interface Gauges {
  /** Requests that are being answered. */
  readonly inFlight: () => number;
  /** Bytes of bodies that are held. */
  readonly held: () => number;
  /** Requests that wait for a worker. */
  readonly waiting: () => number;
  /** Workers that take requests. */
  readonly workers: () => number;
  /** Workers that were given up and compute on. */
  readonly stuck: () => number;
}

/** What a server tells Prometheus. Labels hold names of served models and codes of ours, never what a client sent. */
export class ServingMetrics {
  readonly #registry = new Registry();
  readonly #responses = this.#counter('strata_http_responses_total', 'Answers by HTTP status.', ['status']);
  readonly #errors = this.#counter('strata_errors_total', 'Refused and failed requests by error code.', [
    'code',
  ]);
  readonly #inferences = this.#histogram(
    'strata_inference_duration_seconds',
    'Time from the request to its encoded answer, waiting included.',
    SECONDS,
  );
  readonly #runs = this.#histogram(
    'strata_inference_run_seconds',
    'Time from the decoded request to the outputs of the model, waiting included.',
    SECONDS,
  );
  readonly #batches = this.#histogram(
    'strata_batch_requests',
    'Requests that one run of the model answered.',
    BATCHES,
  );
  readonly #loads = this.#counter('strata_model_loads_total', 'Sessions opened, by how that ended.', [
    'outcome',
  ]);
  readonly #replaced = this.#counter('strata_workers_replaced_total', 'Workers replaced, by reason.', [
    'reason',
  ]);
  readonly #ofModel = new Map<string, { duration: Observer; run: Observer; batch: Observer }>();
  readonly #statuses = new Map<number, { inc(): void }>();

  constructor({ inFlight, held, waiting, workers, stuck }: Gauges) {
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge('strata_requests_in_flight', 'Requests that are being answered.', inFlight);
    this.#gauge('strata_held_bytes', 'Bodies of requests and of answers not yet taken.', held);
    this.#gauge('strata_requests_waiting', 'Requests that wait for a worker.', waiting);
    this.#gauge('strata_workers', 'Workers that take requests.', workers);
    this.#gauge('strata_workers_stuck', 'Workers given up that still compute, each on a core.', stuck);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  answered(status: number, errorCode: string | undefined): void {
    const counter = this.#statuses.get(status) ?? this.#responses.labels(String(status));
    this.#statuses.set(status, counter);
    counter.inc();
    if (errorCode !== undefined) this.#errors.labels(errorCode).inc();
  }

  predicted({ model, version, latencyMs }: Prediction): void {
    const { duration, run } = this.#observers(model, version);
    duration.observe(latencyMs.total / 1000);
    run.observe(latencyMs.run / 1000);
  }

  engine(event: EngineEvent | PoolEvent): void {
    if (event.type === 'session-loaded') this.#loads.labels('opened').inc();
    if (event.type === 'load-failed') this.#loads.labels('failed').inc();
    if (event.type === 'worker-replaced') this.#replaced.labels(event.reason).inc();
  }

  batch(event: BatchEvent): void {
    if (event.type !== 'run') return;
    this.#observers(event.version.model, event.version.version).batch.observe(event.requests);
  }

  /** Tells nothing more of a version that is not served any longer. */
  forget({ model, version }: { readonly model: string; readonly version: string }): void {
    this.#ofModel.delete(`${model}/${version}`);
    for (const histogram of [this.#inferences, this.#runs, this.#batches]) histogram.remove(model, version);
  }

  /** Looked up once for each version: finding the labels costs as much as counting. */
  #observers(model: string, version: string) {
    const key = `${model}/${version}`;
    const known = this.#ofModel.get(key);
    if (known) return known;
    const observers = {
      duration: this.#inferences.labels(model, version),
      run: this.#runs.labels(model, version),
      batch: this.#batches.labels(model, version),
    };
    this.#ofModel.set(key, observers);
    return observers;
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({
      name,
      help,
      buckets,
      labelNames: ['model', 'version'],
      registers: [this.#registry],
    });
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(value());
      },
    });
  }
}

interface Observer {
  observe(value: number): void;
}
