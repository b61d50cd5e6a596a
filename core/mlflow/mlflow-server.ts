import { AccessControl } from '../access/access-control.ts';
import { AccessRefusedError, type Refusal } from '../access/access-refused-error.ts';
import { authorise } from '../access/authorise.ts';
import type { Principal } from '../access/principal.ts';
import { compressedResponse } from '../protocol/compressed-response.ts';
import { isFailureOfService } from '../protocol/error-response.ts';
import type { ProtocolRequest, ProtocolResponse } from '../protocol/http.ts';
import type { RecordsReader } from '../registry/records-reader.ts';
import type { RegistryWriter } from '../registry/registry-writer.ts';
import type { StagingStore } from '../registry/staging-store.ts';
import type { TrackingStore } from '../registry/tracking-store.ts';
import { aliasRoutes } from './aliases.ts';
import { ArtifactFolders } from './artifact-folders.ts';
import { artifactRoutes } from './artifacts.ts';
import { experimentRoutes } from './experiments.ts';
import { Fields } from './fields.ts';
import { loggedModelRoutes } from './logged-models.ts';
import { invalidParameter, mlflowErrorResponse } from './mlflow-error.ts';
import { findMlflowRoute, type MlflowAnswer, type MlflowRoute } from './mlflow-route.ts';
import { ModelAccess } from './model-access.ts';
import { modelVersionRoutes } from './model-versions.ts';
import { registeredModelRoutes } from './registered-models.ts';
import { runRoutes } from './runs.ts';
import { searchRoutes } from './search-routes.ts';
import { serverInfoRoute } from './server-info.ts';
import { trackingSearchRoutes } from './tracking-search.ts';
import { VersionFiles } from './version-files.ts';

/** What takes runs and logged models with their files. */
export interface MlflowTracking {
  readonly tracking: TrackingStore;
  readonly staging: StagingStore;
}

export interface MlflowServerOptions {
  readonly registry: RecordsReader & RegistryWriter;
  /** Absent: models are registered from addresses elsewhere. */
  readonly pushes?: MlflowTracking;
  /** Largest request body, after decompression, in bytes. */
  readonly maxRequestBytes: number;
  /** Largest response body in bytes. */
  readonly maxResponseBytes: number;
  /** Who may do what; scopes alone decide unless given. */
  readonly access?: AccessControl;
  /** Aliases that say what is in production: moving them takes the scope `deploy`. @default ['champion'] */
  readonly protectedAliases?: readonly string[];
  /** Hears of each request that its caller may not make. */
  readonly onRefusal?: (refusal: Refusal, principal: Principal, request: ProtocolRequest) => void;
  /** Hears of each failure that is not the caller's; the caller gets a neutral text where it is internal. */
  readonly onInternalError?: (error: unknown, request: ProtocolRequest) => void;
}

/** Answers requests of MLflow's REST API over any transport. Never throws. */
export class MlflowServer {
  readonly #routes: readonly MlflowRoute[];

  constructor(private readonly options: MlflowServerOptions) {
    this.#routes = mlflowRoutes(options);
  }

  async handle(request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    const response = await this.#answerOrRefuse(request, principal);
    return await compressedResponse(response, request.headers['accept-encoding']);
  }

  async #answerOrRefuse(request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    try {
      const { route, path } = findMlflowRoute(this.#routes, request);
      authorise(principal, route.action);
      const fields = () => Fields.of(request, this.options.maxRequestBytes);
      return this.#response(await route.answer({ principal, fields, path, request }));
    } catch (error) {
      this.#tell(error, principal, request);
      return mlflowErrorResponse(error, request.requestId);
    }
  }

  #tell(error: unknown, principal: Principal, request: ProtocolRequest): void {
    try {
      if (error instanceof AccessRefusedError) this.options.onRefusal?.(error.refusal, principal, request);
      if (isFailureOfService(error)) this.options.onInternalError?.(error, request);
    } catch {
      // The answer stands whatever becomes of its log line.
    }
  }

  #response(answer: MlflowAnswer): ProtocolResponse {
    if ('response' in answer) return answer.response;
    const body = Buffer.from(JSON.stringify(answer.json));
    if (body.length > this.options.maxResponseBytes) {
      throw invalidParameter(
        `The answer would have ${body.length} bytes, at most ${this.options.maxResponseBytes} can be sent; ask for less at once, or shorten tags and descriptions.`,
      );
    }
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
}

/** Every route that the server answers. */
export function mlflowRoutes({
  registry,
  pushes,
  access = new AccessControl(),
  protectedAliases = ['champion'],
}: Pick<MlflowServerOptions, 'registry' | 'pushes' | 'access' | 'protectedAliases'>): MlflowRoute[] {
  const may = new ModelAccess(access, registry, protectedAliases);
  const folders = pushes && new ArtifactFolders(pushes.tracking, registry, may);
  const files = pushes && folders && new VersionFiles(folders, pushes);
  return [
    serverInfoRoute(pushes !== undefined),
    ...registeredModelRoutes(registry, may),
    ...aliasRoutes(registry, may),
    ...modelVersionRoutes(registry, may, files),
    ...searchRoutes(registry, access),
    ...(pushes ? trackingRoutes(pushes.tracking) : []),
    ...(pushes && folders ? artifactRoutes(folders, pushes.staging) : []),
  ];
}

function trackingRoutes(tracking: TrackingStore): MlflowRoute[] {
  return [
    ...experimentRoutes(tracking),
    ...runRoutes(tracking, Date.now),
    ...loggedModelRoutes(tracking),
    ...trackingSearchRoutes(tracking),
  ];
}
