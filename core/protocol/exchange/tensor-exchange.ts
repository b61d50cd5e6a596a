/** An object of the exchange that was found. Either it is read or it is discarded, once. */
export interface FoundObject {
  /** In bytes. */
  readonly size: number;
  /** @throws UnavailableError `EXCHANGE_UNAVAILABLE` */
  read(): Promise<Uint8Array>;
  discard(): void;
}

/**
 * Where callers and the service hand each other tensors that are too large for a request or an answer. Takes keys as
 * they are: whether a caller may use one is decided by `ownKey`.
 */
export interface TensorExchange {
  /** Name of the bucket, as it stands in references. */
  readonly bucket: string;
  /**
   * @returns undefined when there is no such object
   * @throws UnavailableError `EXCHANGE_UNAVAILABLE`
   */
  open(key: string): Promise<FoundObject | undefined>;
  /**
   * @returns URL from which the object can be fetched for a short time
   * @throws UnavailableError `EXCHANGE_UNAVAILABLE`
   */
  write(key: string, bytes: Uint8Array): Promise<string>;
}

/** An exchange, and how much of it fits into this process. */
export interface ExchangeAccess {
  readonly tensors: TensorExchange;
  /** Largest sum of the tensors that one request refers to, in bytes. */
  readonly maxBytes: number;
}
