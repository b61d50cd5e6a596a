/** What a new function version is asked before it gets traffic. */
export const RELEASE_CHECKS = [
  /** It reaches the registry and answers the golden inference bit for bit. */
  'inference',
  /** It refuses a forged token. */
  'refusal',
  /** It lists models, and knows that one that does not exist does not. */
  'registry',
] as const;

export type ReleaseCheckName = (typeof RELEASE_CHECKS)[number];
