/** Whether environments are started ahead of requests: with provisioned concurrency, for example. */
export function startsAhead(environment: NodeJS.ProcessEnv = process.env): boolean {
  return (environment['AWS_LAMBDA_INITIALIZATION_TYPE'] ?? 'on-demand') !== 'on-demand';
}

/**
 * Tells the first request of this execution environment from the others: it has waited for the environment to start.
 * Where environments are started ahead of requests (provisioned concurrency), none has.
 */
export function coldStarts(environment: NodeJS.ProcessEnv = process.env): () => boolean {
  let isNext = !startsAhead(environment);
  return () => {
    const isFirst = isNext;
    isNext = false;
    return isFirst;
  };
}
