import { randomUUID } from 'node:crypto';
import { AccessControl, type ModelView } from '../access/access-control.ts';
import { AccessRefusedError, type AccessTarget, type Refusal } from '../access/access-refused-error.ts';
import type { Principal } from '../access/principal.ts';
import type { ModelRunner } from '../engine/model-runner.ts';
import type { RegistryReader } from '../registry/registry-reader.ts';
import { compressedResponse } from './compressed-response.ts';
import { errorResponse, isFailureOfService } from './error-response.ts';
import type { ExchangeAccess } from './exchange/tensor-exchange.ts';
import type { ProtocolRequest, ProtocolResponse } from './http.ts';
import { type InferTools, infer } from './infer.ts';
import { InferenceStatistics, type ModelStatistics } from './inference-statistics.ts';
import { modelConfig, modelMetadata, repositoryIndex } from './model-documents.ts';
import { readModels, refuseOverrides, wantsOnlyReady } from './model-management.ts';
import type { Prediction, PredictionTensors } from './prediction.ts';
import { unsupported } from './protocol-error.ts';
import { unpacked } from './request-body.ts';
import { RequestForms } from './request-forms.ts';
import { findRoute, type Route } from './route.ts';

export interface OpenInferenceServerOptions {
  readonly registry: RegistryReader;
  readonly runner: ModelRunner;
  /** Largest request body, after decompression, in bytes. */
  readonly maxRequestBytes: number;
  /** Largest response body in bytes. */
  readonly maxResponseBytes: number;
  /** Takes and gives tensors that are too large for a request or an answer; without one such are refused. */
  readonly exchange?: ExchangeAccess;
  /** Version of Strata, told to clients. */
  readonly serverVersion: string;
  /** Who may do what; scopes alone decide unless given. */
  readonly access?: AccessControl;
  /** Monotonic clock in milliseconds; the process's own unless given. */
  readonly now?: () => number;
  /** Wall clock, milliseconds since 1970; the machine's unless given. */
  readonly clock?: () => number;
  /** Makes prediction ids; random UUIDs unless given. */
  readonly newId?: () => string;
  /** Hears of each inference that is answered, before the answer goes out. */
  readonly onPrediction?: (prediction: Prediction, tensors: PredictionTensors) => void;
  /** Hears of each request that its caller may not make. */
  readonly onRefusal?: (refusal: Refusal, principal: Principal, request: ProtocolRequest) => void;
  /** Hears of each failure that is not the caller's; the caller gets a neutral text where it is internal. */
  readonly onInternalError?: (error: unknown, request: ProtocolRequest) => void;
}

/** What beyond the protocol itself is implemented, by the names of Triton's extensions. */
const EXTENSIONS = [
  'binary_tensor_data',
  'classification',
  'model_configuration',
  'model_repository',
  'statistics',
];

/** An extension of ours: docs/large-payloads.md. */
const EXCHANGE_EXTENSION = 's3_tensor_reference';

/** Answers requests of the Open Inference Protocol (V2) over any transport. Never throws. */
export class OpenInferenceServer {
  readonly #options: OpenInferenceServerOptions & InferTools;
  readonly #access: AccessControl;

  constructor(options: OpenInferenceServerOptions) {
    this.#options = {
      ...options,
      now: options.now ?? (() => performance.now()),
      newId: options.newId ?? randomUUID,
      statistics: new InferenceStatistics(options.clock ?? Date.now),
      forms: new RequestForms(),
    };
    this.#access = options.access ?? new AccessControl();
  }

  async handle(request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    const response = await this.#answerOrRefuse(request, principal);
    const accepted = request.headers['accept-encoding'];
    return accepted === undefined ? response : await compressedResponse(response, accepted);
  }

  async #answerOrRefuse(request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    try {
      const route = findRoute(request.method, request.path);
      await this.#access.authorise(principal, route.action, targetOf(route));
      const isPacked = request.headers['content-encoding'] !== undefined && request.body.length > 0;
      const plain = isPacked ? await unpacked(request, this.#options.maxRequestBytes) : request;
      return await this.#answer(route, plain, principal);
    } catch (error) {
      if (error instanceof AccessRefusedError) this.#reportRefusal(error.refusal, principal, request);
      if (isFailureOfService(error)) this.#report(error, request);
      return errorResponse(error, request.requestId);
    }
  }

  async #answer(route: Route, request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    const { registry, runner, serverVersion, maxRequestBytes, exchange } = this.#options;
    const { model, version } = route;
    switch (route.name) {
      case 'infer':
        return await this.#infer(route, request, principal);
      case 'server-metadata':
        return json({
          name: 'strata',
          version: serverVersion,
          extensions: exchange ? [...EXTENSIONS, EXCHANGE_EXTENSION] : EXTENSIONS,
        });
      case 'server-live':
        return json({ live: true });
      case 'server-ready':
        // Without the registry no model can be found, without the rules nobody may use it: an inference would fail, too.
        await Promise.all([registry.ping(), this.#access.ready()]);
        // The specification's object has `live`, KServe's client reads `ready`.
        return json({ ready: true, live: true });
      case 'model-list':
        return json({ models: await this.#visibleModels(await this.#view(route, principal)) });
      case 'model-metadata':
        return json(modelMetadata(...(await this.#describe(route, principal))));
      case 'model-config':
        return json(modelConfig(...(await this.#describe(route, principal))));
      case 'model-ready':
        await registry.resolve(model, version);
        return json({ name: model, ready: true });
      case 'repository-index': {
        const onlyReady = wantsOnlyReady(request, maxRequestBytes);
        const view = await this.#view(route, principal);
        const models = await readModels(registry, await this.#visibleModels(view));
        return json(
          repositoryIndex(
            models.map((model) => view.of(model)),
            onlyReady,
          ),
        );
      }
      case 'load':
        refuseOverrides(request, maxRequestBytes);
        await runner.load(await registry.resolve(model));
        return json({});
      case 'unload':
        // docs/adr/0004-no-unload.md: one process could forget the model, all others would go on to answer.
        throw unsupported(
          'A model cannot be unloaded: every process opens what it is asked for and closes what it needs room for. To take a version out of service, move or remove its aliases.',
        );
      case 'statistics':
        return json({ model_stats: await this.#statistics(route, principal) });
      case 'tracing':
      case 'logging':
      case 'shared-memory':
      case 'generate':
        throw unsupported(`This server does not implement the protocol's extension for ${route.name}.`);
    }
  }

  async #infer(route: Route, request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    const { response, prediction, tensors } = await infer(request, route, principal, this.#options);
    try {
      this.#options.onPrediction?.(prediction, tensors);
    } catch (error) {
      // The answer is right whatever becomes of the log line.
      this.#report(error, request);
    }
    return response;
  }

  async #describe(route: Route, principal: Principal) {
    const { registry } = this.#options;
    const [version, model, view] = await Promise.all([
      registry.resolve(route.model, route.version),
      registry.model(route.model),
      this.#view(route, principal),
    ]);
    return [version, view.of(model)] as const;
  }

  /** Of one version, of all of a model's that are ready, or of all that this process was asked for. */
  async #statistics(route: Route, principal: Principal): Promise<ModelStatistics[]> {
    const { registry, statistics } = this.#options;
    const { model, version } = route;
    if (version !== undefined) return [statistics.of(await registry.resolve(model, version))];
    const view = await this.#view(route, principal);
    const models =
      model === ''
        ? await readModels(
            registry,
            statistics.models().filter((name) => view.sees(name)),
          )
        : [await registry.model(model)];
    return models
      .flatMap((known) => view.of(known).versions)
      .filter((known) => (model === '' ? statistics.has(known) : known.status === 'READY'))
      .map((known) => statistics.of(known));
  }

  #view(route: Route, principal: Principal): Promise<ModelView> {
    return this.#access.view(principal, route.action);
  }

  async #visibleModels(view: ModelView): Promise<string[]> {
    const names = await this.#options.registry.modelNames();
    return names.filter((name) => view.sees(name));
  }

  #reportRefusal(refusal: Refusal, principal: Principal, request: ProtocolRequest): void {
    try {
      this.#options.onRefusal?.(refusal, principal, request);
    } catch (error) {
      // The refusal stands whatever becomes of its log line.
      this.#report(error, request);
    }
  }

  #report(error: unknown, request: ProtocolRequest): void {
    try {
      this.#options.onInternalError?.(error, request);
    } catch {
      // There is nobody left to tell.
    }
  }
}

/** A route about no model has an empty one. */
function targetOf({ model, version }: Route): AccessTarget | undefined {
  return model === '' ? undefined : { model, version };
}

function json(document: unknown): ProtocolResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(document)),
  };
}
