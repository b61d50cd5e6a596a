/** CloudWatch namespace of everything that we emit. */
export const METRICS_NAMESPACE = 'Strata';

/**
 * Dimensions. Every metric has the first two.
 * What a caller sends never becomes a dimension as it is: models and versions are those that the registry knows, codes
 * are those of `COUNTED_CODES`.
 */
export const DIMENSIONS = {
  /** Name of the function's folder: `infer`, `authorize`. */
  service: 'service',
  /** Name of the deployed function: keeps several deployments of one account apart. */
  functionName: 'function_name',
  /** Registered name of the model that answered. */
  model: 'model',
  /** Version number of the model that answered. */
  version: 'version',
  /** Code of an error. */
  code: 'code',
  /** Version of the function's code, which is no version of a model. */
  functionVersion: 'function_version',
} as const;

/** Metrics of the functions. Milliseconds for times, counts otherwise. */
export const METRICS = {
  /** Requests that reached the function. Also by model and version for what was answered. */
  requests: 'Requests',
  /** Time of the whole request inside the function. Also by model and version. */
  latency: 'Latency',
  /** Parts of the latency: finding the version in the registry, ... Also by model and version. */
  resolveTime: 'ResolveTime',
  /** ... reading and checking the request, ... */
  decodeTime: 'DecodeTime',
  /** ... having the model open: next to nothing when it is warm, ... */
  loadTime: 'LoadTime',
  /** ... onnxruntime computing, ... */
  runTime: 'RunTime',
  /** ... and writing the answer. */
  encodeTime: 'EncodeTime',
  /** Time in which a model was fetched, verified, opened and warmed: once for each time that it is opened. */
  modelLoadTime: 'ModelLoadTime',
  /** Models that could not be fetched, verified or opened: once for each attempt, however many requests waited for it. */
  modelLoadFailure: 'ModelLoadFailure',
  /** Model files whose bytes were not those that were registered. */
  digestMismatch: 'DigestMismatch',
  /** Versions that were not opened since no trusted key signed what the registry says of them. */
  signatureInvalid: 'SignatureInvalid',
  /** Requests for a model that was not open, in an environment that has opened as many as it should. */
  swapLimitReached: 'SwapLimitReached',
  /** Requests refused for a reason that the caller can mend: status 4xx, and 501. */
  clientError: 'ClientError',
  /** Requests that failed for a reason of ours, temporary or not: status 5xx but 501. */
  serverError: 'ServerError',
  /** Answers with status 500: faults of ours. Counted as `ServerError` too. */
  internalError: 'InternalError',
  /** Faults of ours by the version of the function that they happened in: what a release is watched by. */
  versionFault: 'VersionFault',
  /** Refused and failed requests by `code`. */
  error: 'Error',
  /** 1 for a request that waited for an execution environment to start, 0 for others: the average is their share. */
  coldStart: 'ColdStart',
  /** Records of batches and streams that were done with: answered, or rejected for what they hold. */
  records: 'Records',
  /** Records among these that got a reason instead of an answer. */
  rejectedRecords: 'RejectedRecords',
  /** Events of the registry that were handed to the event bus. */
  publishedEvents: 'PublishedEvents',
  /** Events among these whose data was left out, since they are too large for a bus. */
  cutEvents: 'CutEvents',
  /** Requests whose token proved nothing: the authorizer refused them. No dimension tells who. */
  unauthenticated: 'Unauthenticated',
  /** Requests for which could not be found out whether the token is good: keys out of reach, for example. */
  authorizerFailure: 'AuthorizerFailure',
  /** Requests that the gateway turned away with status 429: counted in its access log, by `ApiId` alone. */
  throttled: 'Throttled',
} as const;

/**
 * Codes that have a metric of their own, because an operator acts on them by name. All others are counted together, as
 * `OTHER_CLIENT_ERROR` or `OTHER_SERVER_ERROR`; the log has each.
 */
export const COUNTED_CODES = [
  'ARTIFACT_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'DIGEST_MISMATCH',
  'INFERENCE_FAILED',
  'INTERNAL',
  'MODEL_LOAD_FAILED',
  'MODEL_NOT_FOUND',
  'MODEL_NOT_READY',
  'NO_CHAMPION',
  'OUT_OF_MEMORY',
  'PERMISSION_DENIED',
  'REGISTRY_UNAVAILABLE',
  'REQUEST_TOO_LARGE',
  'RESPONSE_TOO_LARGE',
  'SIGNATURE_INVALID',
  'VERSION_NOT_FOUND',
] as const;

export const OTHER_CLIENT_ERROR = 'OTHER_CLIENT_ERROR';
export const OTHER_SERVER_ERROR = 'OTHER_SERVER_ERROR';
