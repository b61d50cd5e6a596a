import type { ModelVersion } from '../core/registry/model-version.ts';
import { assertAlias, assertModelName } from '../core/registry/names.ts';
import { assertNotes } from '../core/registry/notes.ts';
import { kindOf } from '../core/registry/prompts.ts';
import { modelExists, notPending, versionNotFound } from '../core/registry/registry-errors.ts';
import {
  type AliasItem,
  detailsItem,
  modelItem,
  pointerItem,
  toVersionRecord,
  type VersionItem,
  versionItem,
} from '../core/registry/registry-items.ts';
import { aliasKey, detailsKey, tagKey } from '../core/registry/registry-keys.ts';
import type { VersionRecord } from '../core/registry/registry-records.ts';
import type {
  Admitted,
  ReadyVersionDraft,
  StageChange,
  VersionDraft,
  VersionTarget,
} from '../core/registry/registry-writer.ts';
import { keysApart, withTags } from '../core/registry/tags.ts';
import type { Write } from './optimistic-write.ts';
import { sweep, tagWrites } from './registry-model-writes.ts';
import type { FoundModel, RegistrySession } from './registry-session.ts';
import {
  aliasRemovalWrites,
  aliasWrites,
  changeModel,
  changeVersion,
  create,
  emit,
  remove,
} from './registry-transactions.ts';

/**
 * A transaction has 100 writes at most: what belongs to more than this many aliases or versions goes in several, the one
 * that completes the change last. Source: DynamoDB API, TransactWriteItems.
 */
const AT_ONCE = 30;

export async function registerVersion(
  session: RegistrySession,
  { model: name, artifact, description, alias, actor }: ReadyVersionDraft,
): Promise<ModelVersion> {
  assertModelName(name);
  if (alias !== undefined) assertAlias(alias);
  return session.write(async () => {
    const found = await session.find(name, (id) => (alias === undefined ? [] : [aliasKey(id, alias)]));
    if (found && kindOf(found.model.tags) === 'prompt') throw modelExists(name);
    const context = session.context(found?.modelId ?? session.newId(), actor);
    const { modelId, time } = context;
    const version: ModelVersion = {
      model: name,
      version: String(found?.model.nextVersion ?? 1),
      status: 'READY',
      artifact,
      description,
      createdAt: time,
    };
    const record: VersionRecord = {
      ...versionStart(name, modelId, version.version, time),
      status: 'READY',
      source: `sha256:${artifact.digest}`,
      artifact,
      author: actor,
    };
    const outline = { id: modelId, name, tags: {}, createdAt: time, lastUpdatedAt: time };
    const writes = [
      ...(found
        ? [counted({ context, model: found.model })]
        : [create(context, pointerItem(name, modelId)), create(context, modelItem(outline, 2))]),
      create(context, versionItem(record)),
      create(context, detailsItem(modelId, version)),
      emit(context, 'version-registered', {
        model: name,
        version: version.version,
        digest: artifact.digest,
      }),
    ];
    if (alias !== undefined) {
      const [pointed] = (found?.items ?? []) as readonly (AliasItem | undefined)[];
      const from = pointed && String(pointed.version);
      const changedAt = pointed?.updatedAt ?? (found && (await session.lastAliasChange(modelId, alias)));
      writes.push(...aliasWrites(context, { model: name, alias, from, to: version.version }, changedAt));
    }
    return { writes, result: version };
  });
}

export async function createVersion(session: RegistrySession, draft: VersionDraft): Promise<VersionRecord> {
  const { model: name, tags = {}, actor, ...facts } = draft;
  assertNotes(draft.notes);
  const map = withTags({}, tags);
  return session.write(async () => {
    const { context, model } = await session.model({ model: name, actor });
    const version = String(model.nextVersion);
    const record: VersionRecord = {
      ...versionStart(name, context.modelId, version, context.time),
      ...facts,
      // A text is what it is: there is nothing to admit.
      status: kindOf(model.tags) === 'prompt' ? 'READY' : 'PENDING_REGISTRATION',
      tags: map,
      author: actor,
    };
    const writes = [
      counted({ context, model }),
      create(context, versionItem(record)),
      ...tagWrites(context, version, map, tags),
      emit(context, 'version-created', { model: name, version, status: record.status }),
    ];
    return { writes, result: record };
  });
}

function versionStart(model: string, modelId: string, version: string, time: string) {
  return { model, modelId, version, stage: 'None', tags: {}, createdAt: time, lastUpdatedAt: time } as const;
}

/**
 * Takes the model's next number. Two that take the same one cannot both hold, so that numbers are consecutive and none is
 * lost.
 */
function counted({ context, model }: FoundModel): Write {
  return changeModel(context, model, { nextVersion: model.nextVersion + 1, lastUpdatedAt: context.time });
}

export async function updateVersion(
  session: RegistrySession,
  change: VersionTarget & { readonly notes: string },
): Promise<VersionRecord> {
  assertNotes(change.notes);
  return session.write(async () => {
    const { context, version } = await session.version(change);
    const changes = { notes: change.notes, lastUpdatedAt: context.time };
    const writes = [
      changeVersion(context, version, changes),
      emit(context, 'version-updated', { model: change.model, version: change.version }),
    ];
    return { writes, result: recordOf(change, context.modelId, { ...version, ...changes }) };
  });
}

export async function transitionStage(session: RegistrySession, change: StageChange): Promise<VersionRecord> {
  const { model: name, version: number, stage, archiveOthers = false } = change;
  for (;;) {
    const changed = await session.write(async () => {
      const { context, model, versions } = await session.partition(change);
      const version = versions.find((each) => String(each.version) === number);
      if (version === undefined) throw versionNotFound(name, number);
      const others = archiveOthers ? versions.filter((each) => each.stage === stage && each !== version) : [];
      const time = context.time;
      const move = (item: VersionItem, to: StageChange['stage']) => [
        changeVersion(context, item, { stage: to, lastUpdatedAt: time }),
        emit(context, 'version-stage-changed', {
          model: name,
          version: String(item.version),
          from: item.stage,
          to,
        }),
      ];
      const archived = others.slice(0, AT_ONCE).flatMap((other) => move(other, 'Archived'));
      if (others.length > AT_ONCE) return { writes: archived, result: undefined };
      const writes = [
        ...archived,
        ...move(version, stage),
        changeModel(context, model, { lastUpdatedAt: time }),
      ];
      const result = recordOf(change, context.modelId, { ...version, stage, lastUpdatedAt: time });
      return { writes, result };
    });
    if (changed !== undefined) return changed;
  }
}

export async function deleteVersion(session: RegistrySession, target: VersionTarget): Promise<void> {
  const { model: name, version: number } = target;
  const why = { reason: `Version ${number} was deleted.` };
  for (;;) {
    const gone = await session.write(async () => {
      const { context, model, versions, aliases } = await session.partition(target);
      const version = versions.find((each) => String(each.version) === number);
      if (version === undefined) throw versionNotFound(name, number);
      const pointing = aliases.filter((alias) => alias.version === version.version);
      const removals = pointing
        .slice(0, AT_ONCE)
        .flatMap((alias) => aliasRemovalWrites({ ...context, why }, name, alias));
      if (pointing.length > AT_ONCE) return { writes: removals, result: undefined };
      const writes = [
        ...removals,
        remove(context, version),
        changeModel(context, model, { lastUpdatedAt: context.time }),
        emit(context, 'version-deleted', { model: name, version: number }),
      ];
      const remains = [
        detailsKey(context.modelId, number),
        ...keysApart(version.tags).map((key) => tagKey(context.modelId, number, key)),
      ];
      return { writes, result: remains };
    });
    if (gone !== undefined) {
      await sweep(session, gone);
      return;
    }
  }
}

export async function admitVersion(
  session: RegistrySession,
  target: VersionTarget,
  { artifact, description, manifest }: Admitted,
): Promise<VersionRecord> {
  return session.write(async () => {
    const { context, version } = await session.version(target);
    const { digest, size } = artifact;
    if (version.status === 'READY' && version.digest === digest) {
      return { writes: [], result: recordOf(target, context.modelId, version) };
    }
    assertPending(target, version);
    const changes = { status: 'READY', digest, size, lastUpdatedAt: context.time } as const;
    const writes = [
      changeVersion(context, version, changes),
      create(
        context,
        detailsItem(context.modelId, { version: target.version, artifact, description, manifest }),
      ),
      emit(context, 'version-admitted', { model: target.model, version: target.version, digest }),
    ];
    return { writes, result: recordOf(target, context.modelId, { ...version, ...changes }) };
  });
}

export async function failVersion(
  session: RegistrySession,
  target: VersionTarget,
  message: string,
): Promise<VersionRecord> {
  return session.write(async () => {
    const { context, version } = await session.version(target);
    if (version.status === 'FAILED_REGISTRATION') {
      return { writes: [], result: recordOf(target, context.modelId, version) };
    }
    assertPending(target, version);
    const changes = {
      status: 'FAILED_REGISTRATION',
      statusMessage: message,
      lastUpdatedAt: context.time,
    } as const;
    const writes = [
      changeVersion(context, version, changes),
      emit(context, 'version-failed', { model: target.model, version: target.version, message }),
    ];
    return { writes, result: recordOf(target, context.modelId, { ...version, ...changes }) };
  });
}

function assertPending({ model, version }: VersionTarget, { status }: VersionItem): void {
  if (status === 'PENDING_REGISTRATION') return;
  throw notPending({ model, version, status });
}

function recordOf({ model }: VersionTarget, modelId: string, item: VersionItem): VersionRecord {
  return toVersionRecord(model, modelId, item);
}
