import { StrataError } from '../core/errors.ts';
import { asCalledHere } from './own-name.ts';
import type { Terminal } from './terminal.ts';

interface Report {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What to do next, where the message alone does not say it. */
const HINTS: Readonly<Record<string, string>> = {
  ACCESS_RULES_CHANGED: '`strata access show` prints the current ones',
  INVALID_TOKEN: 'get a fresh token with `strata token`, or leave --token out',
  MODEL_NOT_FOUND: '`strata models` lists what is registered',
  PERMISSION_DENIED:
    '`strata token --scopes <scope>` asks for a scope that is missing, `strata access check` says what the rules allow',
  STACK_NOT_FOUND: '--region and --profile choose where to look',
  UNAUTHORIZED: 'get a fresh token with `strata token`, or leave --token out',
  VERSION_NOT_FOUND: '`strata models` lists versions and aliases',
};

const NO_PERMISSION = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'NotAuthorizedException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** One line and perhaps a hint on stderr, or one JSON object; the stack only when STRATA_DEBUG=1 asks for it. */
export function reportError(error: unknown, terminal: Terminal, json: boolean): void {
  const report = toReport(error);
  const { code } = report;
  const message = asCalledHere(report.message, terminal.environment);
  const hint = report.hint && asCalledHere(report.hint, terminal.environment);
  if (json) {
    terminal.stderr.write(`${JSON.stringify({ error: message, error_code: code, hint })}\n`);
  } else {
    terminal.stderr.write(`error: ${oneLine(message)} [${code}]\n`);
    if (hint !== undefined) {
      terminal.stderr.write(`hint: ${hint}\n`);
    }
  }
  if (terminal.environment['STRATA_DEBUG'] === '1' && error instanceof Error) {
    terminal.stderr.write(`${error.stack}\n`);
  }
}

function toReport(error: unknown): Report {
  if (error instanceof StrataError) {
    return { code: error.code, message: error.message, hint: HINTS[error.code] };
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === 'CredentialsProviderError') {
    return {
      code: 'AWS_CREDENTIALS_MISSING',
      message: `There are no usable AWS credentials (${message}).`,
      hint: 'sign in with the AWS CLI, or name a profile with --profile',
    };
  }
  if (message === 'Region is missing') {
    return { code: 'AWS_REGION_MISSING', message: 'No AWS region is configured.', hint: 'give --region' };
  }
  if (NO_PERMISSION.has(name)) {
    return { code: 'AWS_ACCESS_DENIED', message: `AWS refuses the call (${name}: ${message}).` };
  }
  return {
    code: 'UNEXPECTED',
    message: `${name}: ${message}`,
    hint: 'set STRATA_DEBUG=1 to see where it comes from',
  };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
