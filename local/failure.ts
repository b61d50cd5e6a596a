import { StrataError } from '../core/errors.ts';

export interface FailureDetails {
  /** What the person in front of the terminal can do about it. */
  readonly hint?: string;
  /** Log of the tool that failed. */
  readonly logFile?: string;
  /** Last lines of that log. */
  readonly logTail?: readonly string[];
  readonly cause?: unknown;
}

/** A step of the local runner failed. The message is one line; hint and log say more. */
export class LocalRunError extends StrataError {
  override readonly name = 'LocalRunError';
  readonly details: FailureDetails;

  constructor(code: string, message: string, details: FailureDetails = {}) {
    super(code, message, { cause: details.cause });
    this.details = details;
  }
}

/** The machine cannot run the emulator, for a reason that is not a fault of the project. */
export class EmulatorUnavailableError extends LocalRunError {
  constructor(message: string, hint: string) {
    super('EMULATOR_UNAVAILABLE', message, { hint });
  }
}

/** What a step threw that was not made for people: the first line says what, the rest is kept as its log. */
export function stepFailure(title: string, error: unknown): unknown {
  if (error instanceof StrataError || !(error instanceof Error) || error.name === 'AbortError') return error;
  const [what, ...rest] = error.message.trimEnd().split('\n');
  return new LocalRunError('STEP_FAILED', `${title}: ${what}`, { logTail: rest, cause: error });
}

/** The failure as a person reads it: what happened, what to do, and the end of the log. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof LocalRunError)) {
    if (error instanceof StrataError) return `${error.message} (${error.code})`;
    return error instanceof Error ? error.message : String(error);
  }
  const { hint, logFile, logTail } = error.details;
  return [
    error.message,
    ...(hint ? [`Hint: ${hint}`] : []),
    ...(logTail?.length ? ['', ...logTail.map((line) => `  | ${line}`)] : []),
    ...(logFile ? ['', `Log: ${logFile}`] : []),
  ].join('\n');
}
