/** A construct was asked for something contradictory or impossible. `code` is stable. */
export class StrataConstructError extends Error {
  public readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = 'StrataConstructError';
    this.code = code;
  }
}
