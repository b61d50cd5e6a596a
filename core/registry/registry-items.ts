import type { MODELS_INDEX } from '../../lib/contracts/registry-layout.ts';
import { InvalidInputError } from '../errors.ts';
import type { ModelDescription } from '../onnx/model-description.ts';
import type { AliasLogEntry, Evidence, Why } from './alias-history.ts';
import { readManifest } from './manifest.ts';
import type { ArtifactFile, ModelVersion, ModelVersionStatus } from './model-version.ts';
import { kindOf, type RegisteredKind } from './prompts.ts';
import type { RegistryEvent } from './registry-events.ts';
import {
  ALIAS_PREFIX,
  aliasKey,
  aliasLogPartition,
  detailsKey,
  eventPartition,
  type ItemKey,
  META,
  modelKey,
  pointerKey,
  tagKey,
  VERSION_PREFIX,
  versionKey,
} from './registry-keys.ts';
import type { ModelOutline, ModelRecord, Stage, VersionRecord } from './registry-records.ts';
import type { Admitted, AliasMove } from './registry-writer.ts';
import { type SignedManifest, signatureInvalid } from './signed-manifest.ts';
import type { TagMap } from './tags.ts';

export type { ItemKey } from './registry-keys.ts';

/** An item that is changed in place: every change holds only while the revision is the one that was read. */
export interface RevisedItem extends ItemKey {
  readonly revision: number;
}

export interface PointerItem extends ItemKey {
  readonly modelId: string;
}

export interface ModelItem
  extends RevisedItem,
    Readonly<Record<(typeof MODELS_INDEX)['partition' | 'sort'], string>> {
  /** Number that the next version gets; it only grows, so that no number is given twice. */
  readonly nextVersion: number;
  readonly notes?: string;
  readonly tags: TagMap;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
}

export interface VersionItem extends RevisedItem {
  readonly version: number;
  readonly status: ModelVersionStatus;
  readonly statusMessage?: string;
  readonly stage: Stage;
  readonly notes?: string;
  readonly source: string;
  readonly runId?: string;
  readonly runLink?: string;
  readonly loggedModelId?: string;
  readonly storage?: string;
  readonly tags: TagMap;
  readonly author?: string;
  /** Of the artifact. */
  readonly digest?: string;
  readonly size?: number;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
}

/** What only those who serve a version read. Put once, with the change that makes the version READY. */
export interface DetailsItem extends ItemKey {
  /** Absent where the manifest says it, with the files. */
  readonly description?: ModelDescription;
  readonly files?: readonly ArtifactFile[];
  readonly manifest?: SignedManifest;
}

export interface TagItem extends ItemKey {
  readonly value: string;
}

export interface AliasItem extends ItemKey {
  readonly version: number;
  readonly updatedAt: string;
}

export interface AliasLogItem extends ItemKey {
  readonly from?: number;
  /** Absent when the alias was deleted. */
  readonly to?: number;
  readonly actor?: string;
  readonly reason?: string;
  readonly evidence?: Evidence;
}

export interface EventItem extends ItemKey {
  readonly event: RegistryEvent;
}

/** Values of the index's partition key: one partition lists all models, one all prompts. */
export const LISTINGS: Readonly<Record<RegisteredKind, string>> = { model: 'ALL', prompt: 'PROMPTS' };

/** Item size limit of DynamoDB is 400 KiB; a quarter is left for the other attributes and for what may be added. */
const MAX_DESCRIPTION_BYTES = 300 * 1024;

export function pointerItem(name: string, modelId: string): PointerItem {
  return { ...pointerKey(name), modelId };
}

export function modelItem(outline: ModelOutline, nextVersion = 1): ModelItem {
  const { id, name, notes, tags, createdAt, lastUpdatedAt } = outline;
  return {
    ...modelKey(id),
    listing: listingOf(tags),
    name,
    nextVersion,
    notes,
    tags,
    createdAt,
    lastUpdatedAt,
    revision: 1,
  };
}

/** Where a model with these tags is listed. */
export function listingOf(tags: TagMap): string {
  return LISTINGS[kindOf(tags)];
}

export function versionItem(record: VersionRecord): VersionItem {
  const { model: _model, modelId, version, artifact, ...rest } = record;
  return {
    ...versionKey(modelId, version),
    ...rest,
    version: Number(version),
    digest: artifact?.digest,
    size: artifact?.size,
    revision: 1,
  };
}

/** @throws InvalidInputError `DESCRIPTION_TOO_LARGE` */
export function detailsItem(
  modelId: string,
  { version, description, artifact, manifest }: Pick<ModelVersion, 'version'> & Admitted,
): DetailsItem {
  assertDescriptionFits(description);
  const key = detailsKey(modelId, version);
  return manifest ? { ...key, manifest } : { ...key, description, files: artifact.files };
}

export function tagItem(modelId: string, version: string | undefined, key: string, value: string): TagItem {
  return { ...tagKey(modelId, version, key), value };
}

export function aliasItem(modelId: string, move: AliasMove, updatedAt: string): AliasItem {
  return { ...aliasKey(modelId, move.alias), version: Number(move.to), updatedAt };
}

export function aliasLogItem(
  modelId: string,
  { alias, from, to }: Pick<AliasMove, 'alias' | 'from'> & Partial<AliasMove>,
  event: RegistryEvent,
  { reason, evidence }: Why = {},
): AliasLogItem {
  return {
    pk: aliasLogPartition(modelId),
    sk: `${alias}#${event.time}#${event.id}`,
    from: from === undefined ? undefined : Number(from),
    to: to === undefined ? undefined : Number(to),
    actor: event.data['actor'],
    reason,
    evidence,
  };
}

export function toAliasLogEntry({ sk, from, to, actor, reason, evidence }: AliasLogItem): AliasLogEntry {
  const [alias = '', time = '', id = ''] = sk.split('#');
  return {
    id,
    alias,
    time,
    ...(from !== undefined && { from: String(from) }),
    ...(to !== undefined && { to: String(to) }),
    ...(actor !== undefined && { actor }),
    ...(reason !== undefined && { reason }),
    ...(evidence !== undefined && { evidence }),
  };
}

export function eventItem(modelId: string, event: RegistryEvent): EventItem {
  return { pk: eventPartition(modelId), sk: `${event.time}#${event.id}`, event };
}

/**
 * @returns undefined where there is nothing to serve: the version was not admitted, or is a text
 * @throws UnavailableError `SIGNATURE_INVALID` when the manifest is none
 */
export function toModelVersion(
  name: string,
  { pk, version, status, digest, size, createdAt }: VersionItem,
  details: DetailsItem | undefined,
): ModelVersion | undefined {
  if (details === undefined || digest === undefined || size === undefined) return undefined;
  const { manifest } = details;
  const { description, files } = manifest ? told(manifest) : details;
  if (description === undefined) return undefined;
  return {
    model: name,
    version: String(version),
    status,
    artifact: { digest, size, ...(files && { files }) },
    description,
    createdAt,
    ...(manifest && { modelId: pk.slice(pk.indexOf('#') + 1), manifest }),
  };
}

/** What the manifest says; whether that may be believed is for whoever opens the model to find out. */
function told({ text }: SignedManifest): Pick<DetailsItem, 'description' | 'files'> {
  const manifest = readManifest(text);
  if (manifest === undefined) throw signatureInvalid('its manifest is of a form that is not known here');
  return { description: manifest.description, files: manifest.artifact.files };
}

export function toVersionRecord(model: string, modelId: string, item: VersionItem): VersionRecord {
  const { pk: _pk, sk: _sk, revision: _revision, version, digest, size, ...rest } = item;
  return {
    ...rest,
    model,
    modelId,
    version: String(version),
    ...(digest !== undefined && size !== undefined && { artifact: { digest, size } }),
  };
}

export function toModelOutline(item: ModelItem): ModelOutline {
  const { pk, name, notes, tags, createdAt, lastUpdatedAt } = item;
  return { id: pk.slice(pk.indexOf('#') + 1), name, notes, tags, createdAt, lastUpdatedAt };
}

/**
 * Puts a model together from the items of its partition, in the order of their sort keys.
 * @returns undefined when the model item is not among them
 */
export function toModelRecord(items: readonly ItemKey[]): ModelRecord | undefined {
  const item = items.find(({ sk }) => sk === META) as ModelItem | undefined;
  if (item === undefined) return undefined;
  const outline = toModelOutline(item);
  const versions = items.filter(({ sk }) => sk.startsWith(VERSION_PREFIX)) as VersionItem[];
  const aliases = items.filter(({ sk }) => sk.startsWith(ALIAS_PREFIX)) as AliasItem[];
  return {
    ...outline,
    versions: versions.map((version) => toVersionRecord(outline.name, outline.id, version)),
    aliases: Object.fromEntries(
      aliases.map(({ sk, version }) => [sk.slice(ALIAS_PREFIX.length), String(version)]),
    ),
  };
}

/** @throws InvalidInputError `DESCRIPTION_TOO_LARGE` when the description cannot be kept in one item. */
export function assertDescriptionFits(description: ModelDescription): void {
  const bytes = Buffer.byteLength(JSON.stringify(description));
  if (bytes > MAX_DESCRIPTION_BYTES) {
    throw new InvalidInputError(
      'DESCRIPTION_TOO_LARGE',
      `The model describes ${description.inputs.length} inputs and ${description.outputs.length} outputs in ` +
        `${bytes} bytes, at most ${MAX_DESCRIPTION_BYTES} can be registered; join its inputs into fewer tensors.`,
    );
  }
}
