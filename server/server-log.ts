import { StrataError } from '../core/errors.ts';
import type { FolderEvent } from './model-folder.ts';
import type { ServerEvent } from './model-server.ts';

/** Writes what a server tells of itself, one line each: as JSON for programs, in words for people. */
export function serverLog(
  stream: NodeJS.WritableStream,
  json: boolean,
  now: () => Date = () => new Date(),
): (event: ServerEvent | FolderEvent) => void {
  return (event) => {
    const line = json ? jsonLine(event, now()) : inWords(event);
    if (line !== undefined) stream.write(`${line}\n`);
  };
}

function jsonLine(event: ServerEvent | FolderEvent, time: Date): string {
  const { type, ...rest } = event;
  const version =
    'version' in event && typeof event.version === 'object'
      ? { model: event.version.model, version: event.version.version }
      : {};
  const error = 'error' in event ? { error: failure(event.error) } : {};
  return JSON.stringify({ time: time.toISOString(), event: type, ...rest, ...version, ...error });
}

/** What people at a terminal want to know; the rest is in the metrics. */
function inWords(event: ServerEvent | FolderEvent): string | undefined {
  switch (event.type) {
    case 'model-changed':
      return `${nameOf(event.version)}: serving the changed file.`;
    case 'model-gone':
      return `${nameOf(event.version)}: no longer served, its file is gone.`;
    case 'model-refused':
      return `${event.path}: not served. ${failure(event.error).message}`;
    case 'folder-unreadable':
      return `${event.path}: cannot be read now, what was served from there is served on. ${failure(event.error).message}`;
    case 'reload-failed':
      return `Looking at the models failed, and is tried again. ${failure(event.error).message}`;
    case 'load-failed':
      return `A model could not be opened (${event.code}, sha256 ${event.digest.slice(0, 12)}).`;
    case 'digest-mismatch':
      return `The bytes of a model are not those that were registered (sha256 ${event.expected.digest.slice(0, 12)}); it was not opened.`;
    case 'worker-replaced':
      return event.reason === 'recycled' ? undefined : `A worker ended (${event.reason}) and was replaced.`;
    case 'merging-refused':
      return `${nameOf(event.version)}: requests are run one by one, since ${event.reason}.`;
    case 'internal-error':
      return `Request ${event.requestId} failed: ${failure(event.error).message}`;
    default:
      return undefined;
  }
}

function nameOf({ model, version }: { readonly model: string; readonly version: string }): string {
  return `${model} version ${version}`;
}

function failure(error: unknown): {
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
} {
  if (error instanceof StrataError) return { message: error.message, code: error.code };
  if (!(error instanceof Error)) return { message: String(error) };
  return { message: error.message, ...(error.stack !== undefined && { stack: error.stack }) };
}
