import { StrataError } from '../errors.ts';

/** A refusal that needs a header of its own in the answer, such as `Allow` beside 405. */
export class ProtocolError extends StrataError {
  override readonly name: string = 'ProtocolError';
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: string,
    message: string,
    statusCode: number,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message, { statusCode });
    this.headers = headers;
  }
}

/** Something that the protocol or one of its extensions knows and this server does not do (501). */
export function unsupported(message: string): ProtocolError {
  return new ProtocolError('UNSUPPORTED', message, 501);
}
