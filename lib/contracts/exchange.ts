/** The two parts of the exchange bucket: what callers put in, and what is laid out for them. */
export const EXCHANGE_AREAS = { uploads: 'in', results: 'out' } as const;

export type ExchangeArea = (typeof EXCHANGE_AREAS)[keyof typeof EXCHANGE_AREAS];

/** Where callers ask for addresses to put tensors to. */
export const EXCHANGE_PREFIX = 'strata/v1/exchange';

/** What S3 takes in one PUT, in bytes. Source: "Amazon S3 quotas", object size in a single PUT, 5 GiB. */
export const LARGEST_PUT_BYTES = 5 * 1024 ** 3;
