import { NotFoundError } from '../errors.ts';
import { isVersionNumber } from '../registry/names.ts';
import { kindOf } from '../registry/prompts.ts';
import type { ModelOutline, VersionRecord } from '../registry/registry-records.ts';
import type { VersionDraft } from '../registry/registry-writer.ts';
import { invalidParameter } from './mlflow-error.ts';

/** Where a new version comes from, as the request says. */
export interface OriginFields {
  readonly source: string;
  readonly runId?: string;
  readonly loggedModelId?: string;
}

export type VersionOrigin = Pick<VersionDraft, 'source' | 'runId' | 'loggedModelId' | 'storage'>;

/** What sources may point at. */
export interface SourceTargets {
  /** @throws NotFoundError */
  version(model: string, version: string): Promise<VersionRecord>;
  /** Where the files of a logged model lie; absent where there are none. @throws NotFoundError */
  loggedModel?(id: string): Promise<Pick<VersionOrigin, 'runId' | 'storage'>>;
}

const MAX_SOURCE_LENGTH = 2048;

/** How often a text is decoded before it is looked at: a proxy may do so, too. */
const DECODINGS = 5;

/**
 * Checks a source, and finds out where the files lie that it names. A source only ever tells: nothing is read from where
 * it points but what this registry keeps.
 *
 * @throws InvalidInputError `INVALID_PARAMETER_VALUE`
 * @throws NotFoundError when it names a version or logged model that is not there
 */
export async function originOf(
  model: Pick<ModelOutline, 'tags'>,
  fields: OriginFields,
  targets: SourceTargets,
): Promise<VersionOrigin> {
  const { source, runId, loggedModelId } = fields;
  if (source.length > MAX_SOURCE_LENGTH) {
    throw invalidParameter(
      `The source has ${source.length} characters, at most ${MAX_SOURCE_LENGTH} are allowed.`,
    );
  }
  // The text of a prompt stands in its tags; clients send a source that means nothing.
  if (kindOf(model.tags) === 'prompt') return fields;
  if (climbs(source)) throw refused(source, 'leads out of its folder by ".."');
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(source) ?? [];
  switch (scheme.toLowerCase()) {
    case 's3':
      if (!/^\/\/[^/]+\/./.test(rest)) throw refused(source, 'names no object; s3://<bucket>/<key> does');
      return fields;
    case 'mlflow-artifacts':
      if (![runId, loggedModelId].some((id) => id !== undefined && rest.split('/').includes(id))) {
        throw refused(source, 'is not of the run_id or model_id that the request names');
      }
      return { ...fields, storage: source };
    case 'models':
      return await registered(rest.replace(/^\/+/, ''), fields, targets);
    case '':
    case 'file':
      throw refused(source, 'is a path on your machine, or no address at all');
    default:
      throw refused(source, `has the scheme "${scheme}", from which nothing is taken`);
  }
}

/** `models:/m-…`, a logged model, or `models:/<name>/<version>`, a version of this registry. */
async function registered(
  path: string,
  fields: OriginFields,
  targets: SourceTargets,
): Promise<VersionOrigin> {
  const { source, runId, loggedModelId } = fields;
  const [name = '', version, ...more] = path.split('/').map(decodedOnce);
  if (version === undefined && /^m-[\w-]+$/.test(name)) {
    if (loggedModelId !== name) throw refused(source, 'is a logged model, and model_id does not name it');
    if (!targets.loggedModel) {
      throw new NotFoundError('LOGGED_MODEL_NOT_FOUND', `There is no logged model ${JSON.stringify(name)}.`);
    }
    const logged = await targets.loggedModel(name);
    return { ...fields, runId: runId ?? logged.runId, storage: logged.storage };
  }
  if (version === undefined || !isVersionNumber(version) || more.length > 0) {
    throw refused(source, 'names no version; models:/<name>/<version> does');
  }
  const copied = await targets.version(name, version);
  return { ...fields, storage: copied.storage ?? copied.source };
}

/** Whether a text, decoded however often, has `..` between its slashes. */
export function climbs(source: string): boolean {
  let text = source;
  for (let i = 0; i < DECODINGS; i++) {
    if (/(^|[/\\:])\.\.([/\\?#]|$)/.test(text)) return true;
    const next = decodedOnce(text);
    if (next === text) return false;
    text = next;
  }
  // Whoever encodes this often hides something.
  return true;
}

/** What is not encoded, or wrongly, stays as it is. */
function decodedOnce(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

function refused(source: string, why: string) {
  return invalidParameter(
    `The source ${JSON.stringify(source.slice(0, 200))} ${why}. Log the model with MLflow and register it by models:/ or runs:/, or give an address that begins with s3://.`,
  );
}
