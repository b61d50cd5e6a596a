/** CloudWatch namespace of everything that we emit. */
export const METRICS_NAMESPACE = 'Strata';

/** Metrics of the functions. Milliseconds for times, counts otherwise; the dimension is `service`. */
export const METRICS = {
  /** Requests that reached the function. */
  requests: 'Requests',
  /** Time of the whole request inside the function. */
  latency: 'Latency',
  /** Time in which onnxruntime computed. */
  runTime: 'RunTime',
  /** Time in which a model was fetched, verified, opened and warmed. */
  modelLoadTime: 'ModelLoadTime',
  /** Model files whose bytes were not those that were registered. */
  digestMismatch: 'DigestMismatch',
  /** Answers with status 500: faults of ours. */
  internalError: 'InternalError',
} as const;
