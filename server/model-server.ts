import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { AccessControl } from '../core/access/access-control.ts';
import type { AccessRulesReader } from '../core/access/access-revision.ts';
import { authorise } from '../core/access/authorise.ts';
import type { Principal } from '../core/access/principal.ts';
import type { EngineEvent } from '../core/engine/engine-event.ts';
import { type BatchEvent, MicroBatcher } from '../core/engine/micro-batcher.ts';
import { errorResponse } from '../core/protocol/error-response.ts';
import type { ProtocolRequest, ProtocolResponse } from '../core/protocol/http.ts';
import { OpenInferenceServer } from '../core/protocol/open-inference-server.ts';
import type { Artifact, ModelVersion } from '../core/registry/model-version.ts';
import type { RegistryReader } from '../core/registry/registry-reader.ts';
import packageJson from '../package.json' with { type: 'json' };
import type { Access } from './access.ts';
import { openAccess } from './access.ts';
import { connectionLimit } from './connection-limit.ts';
import { EnginePool, type PoolEvent } from './engine-pool.ts';
import { DEFAULT_LIMITS, type HttpLimits } from './http-limits.ts';
import { HttpServer } from './http-server.ts';
import { answerOfInvocation, defaultModel, headersOfInvocation } from './invocations.ts';
import { NearEngine } from './near-engine.ts';
import { ServingMetrics } from './serving-metrics.ts';

/** Where models come from. */
export interface ModelSource {
  readonly registry: RegistryReader;
  /** Paths of an artifact's files on this machine, by digest; what was put into the server's directory needs none. */
  locate(artifact: Artifact): Promise<ReadonlyMap<string, string>>;
  /** Who may use which models. @default - scopes alone decide */
  readonly rules?: AccessRulesReader;
}

/** What a server tells of itself, for its log. */
export type ServerEvent =
  | EngineEvent
  | PoolEvent
  | Exclude<BatchEvent, { type: 'run' }>
  | { readonly type: 'internal-error'; readonly error: unknown; readonly requestId: string };

export interface ModelServerOptions {
  readonly source: ModelSource;
  /** Who may call. @default - whoever reaches the server */
  readonly access?: Access;
  /** Worker threads that run models. @default - one for each core */
  readonly workers?: number;
  /** Model that `/invocations` runs. @default - the only one */
  readonly defaultModel?: string;
  /** Most bytes of model files that each worker keeps open; a session takes about twice its file. @default 1073741824 */
  readonly maxModelBytes?: number;
  /** Most rows that are merged into one run; 1 merges nothing. @default 256 */
  readonly maxBatchRows?: number;
  /** Inferences that may wait for a worker; more are refused with 503. @default 1000 */
  readonly maxWaiting?: number;
  /** How long a run may take before its worker is given up, in milliseconds. @default 60000 */
  readonly runTimeoutMs?: number;
  /** Where verified model files are kept. */
  readonly directory: string;
  readonly limits?: Partial<HttpLimits>;
  readonly onEvent?: (event: ServerEvent) => void;
}

const GIGABYTE = 2 ** 30;

/** Serves models over HTTP from this process: the protocol and tiny models on this thread, other models on worker threads. */
export class ModelServer {
  readonly #options: ModelServerOptions;
  readonly #pool: EnginePool;
  readonly #near: NearEngine;
  readonly #http: HttpServer;
  readonly #protocol: OpenInferenceServer;
  readonly #metrics: ServingMetrics;
  #isDraining = false;

  private constructor(options: ModelServerOptions) {
    const {
      source,
      directory,
      limits: given,
      workers = availableParallelism(),
      onEvent = () => {},
    } = options;
    this.#options = options;
    const limits = { ...DEFAULT_LIMITS, maxConnections: connectionLimit(), ...given };
    const engines = {
      directory,
      locate: (artifact: Artifact) => source.locate(artifact),
      onEvent: (event: EngineEvent | PoolEvent) => {
        this.#metrics.engine(event);
        onEvent(event);
      },
    };
    this.#pool = new EnginePool({
      ...engines,
      workers,
      maxBytes: options.maxModelBytes ?? GIGABYTE,
      ...(options.runTimeoutMs !== undefined && { runTimeoutMs: options.runTimeoutMs }),
      onRun: (version, amount, ms) => this.#near.learn(version, amount, ms),
    });
    this.#near = new NearEngine({ ...engines, workers: this.#pool });
    const batcher = new MicroBatcher({
      runner: this.#pool,
      concurrency: workers,
      near: this.#near,
      ...(options.maxBatchRows !== undefined && { maxRows: options.maxBatchRows }),
      ...(options.maxWaiting !== undefined && { maxWaiting: options.maxWaiting }),
      onEvent: (event) => {
        this.#metrics.batch(event);
        if (event.type !== 'run') onEvent(event);
      },
    });
    this.#metrics = new ServingMetrics({
      inFlight: () => this.#http.inFlight,
      held: () => this.#http.heldBytes,
      waiting: () => batcher.waiting,
      workers: () => this.#pool.alive,
      stuck: () => this.#pool.stuck,
    });
    this.#protocol = new OpenInferenceServer({
      registry: source.registry,
      runner: batcher,
      ...(source.rules && { access: new AccessControl(source.rules) }),
      maxRequestBytes: limits.maxRequestBytes,
      maxResponseBytes: limits.maxResponseBytes,
      serverVersion: packageJson.version,
      newId: randomUUID,
      onPrediction: (prediction) => this.#metrics.predicted(prediction),
      onInternalError: (error, { requestId }) => onEvent({ type: 'internal-error', error, requestId }),
    });
    this.#http = new HttpServer({
      limits,
      access: options.access ?? openAccess,
      open: (method, path) => (path === '/ping' ? this.#ping(method) : undefined),
      answer: (request, principal) => this.#answer(request, principal),
      onAnswer: ({ status, errorCode }) => this.#metrics.answered(status, errorCode),
    });
  }

  /** Starts the workers; nobody is answered before `listen`. @throws Error when a worker does not start */
  static async start(options: ModelServerOptions): Promise<ModelServer> {
    const server = new ModelServer(options);
    try {
      await Promise.all([server.#pool.ready(), server.#near.ready()]);
      return server;
    } catch (error) {
      await server.#pool.close();
      throw error;
    }
  }

  /**
   * @param port 0 takes any that is free
   * @returns the address, such as `http://127.0.0.1:8080`
   */
  async listen(port: number, host = '127.0.0.1'): Promise<string> {
    await this.#http.listen(port, host);
    const { address, port: bound, family } = this.#http.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  }

  /** Opens the champion of every model, so that the first request is warm; what cannot be opened is told as an event. */
  async warm(): Promise<void> {
    const { registry } = this.#options.source;
    const names = await registry.modelNames();
    await Promise.allSettled(names.map(async (name) => this.#pool.load(await registry.resolve(name))));
  }

  /** Opens a version, so that its first request is warm. */
  open(version: ModelVersion): Promise<void> {
    return this.#pool.load(version);
  }

  /**
   * Closes a version that is not served any longer, once the requests that came before have been answered.
   *
   * @param isServed whether it came back meanwhile
   */
  async forget(version: ModelVersion, isServed: () => boolean): Promise<void> {
    await this.#http.settled();
    if (!(await this.#isNamed(version))) this.#metrics.forget(version);
    if (isServed()) return;
    await Promise.all([this.#pool.forget(version), this.#near.forget(version)]);
    const { digest } = version.artifact;
    const { directory } = this.#options;
    const kept = (await readdir(directory)).filter((name) => name.startsWith(`${digest}.`));
    if (isServed()) return;
    await Promise.all(kept.map((name) => rm(join(directory, name), { recursive: true, force: true })));
  }

  /** Whether there is a version of this name and number, be it of other bytes. */
  async #isNamed({ model, version }: ModelVersion): Promise<boolean> {
    const known = await this.#options.source.registry.model(model).catch(() => undefined);
    return known?.versions.some((each) => each.version === version) ?? false;
  }

  /** Answers what came, refuses what comes, then ends. @param graceMs after which what is unfinished is cut off */
  async close(graceMs = 25_000): Promise<void> {
    this.#isDraining = true;
    await this.#http.drain(graceMs);
    await this.#pool.close();
  }

  #answer(request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    const { method, path } = request;
    if (path === '/invocations') return this.#invoke(request, principal);
    if (path === '/metrics' && method === 'GET') return this.#exposition(request, principal);
    return this.#protocol.handle(request, principal);
  }

  async #invoke(request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    const model = await defaultModel(this.#options.source.registry, this.#options.defaultModel);
    const headers = headersOfInvocation(request.headers);
    const asked = { ...request, headers, path: `/v2/models/${encodeURIComponent(model)}/infer` };
    return answerOfInvocation(await this.#protocol.handle(asked, principal));
  }

  /** Says nothing of what is served, so that whoever checks needs no token. */
  #ping(method: string): ProtocolResponse | undefined {
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    // What cannot be interrupted has taken a core for each worker: whoever watches should start another process.
    const isStuck = this.#pool.stuck >= this.#pool.size;
    const isReady = !this.#isDraining && this.#pool.alive > 0 && !isStuck;
    return { status: isReady ? 200 : 503, headers: {}, body: Buffer.from(isReady ? 'ok\n' : 'not ready\n') };
  }

  /** Names every model, whatever the access rules show to the caller: no part of what whoever may infer gets to see. */
  async #exposition({ requestId }: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    try {
      authorise(principal, 'read');
    } catch (error) {
      return errorResponse(error, requestId);
    }
    const text = await this.#metrics.text();
    return { status: 200, headers: { 'content-type': this.#metrics.contentType }, body: Buffer.from(text) };
  }
}
