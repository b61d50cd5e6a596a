import { assertWhy } from '../core/registry/alias-why.ts';
import { assertAlias, assertVersionNumber } from '../core/registry/names.ts';
import {
  aliasMovedMeanwhile,
  aliasNeedsReady,
  modelNotFound,
  versionNotFound,
} from '../core/registry/registry-errors.ts';
import type { AliasItem, VersionItem } from '../core/registry/registry-items.ts';
import { aliasKey, versionKey } from '../core/registry/registry-keys.ts';
import type { AliasChange, AliasMove, AliasTarget } from '../core/registry/registry-writer.ts';
import type { RegistrySession } from './registry-session.ts';
import { aliasRemovalWrites, aliasWrites, changeVersion } from './registry-transactions.ts';

export async function setAlias(
  session: RegistrySession,
  { model, alias, version, replaces, actor, ...why }: AliasChange,
): Promise<AliasMove> {
  assertAlias(alias);
  assertWhy(why);
  assertVersionNumber(version);
  return session.write(async () => {
    const found = await session.find(model, (id) => [aliasKey(id, alias), versionKey(id, version)]);
    if (found === undefined) throw modelNotFound(model);
    const [pointed, target] = found.items as [AliasItem?, VersionItem?];
    if (target === undefined) throw versionNotFound(model, version);
    if (target.status !== 'READY') {
      throw aliasNeedsReady({ model, version, status: target.status }, alias);
    }
    const move: AliasMove = { model, alias, from: pointed && String(pointed.version), to: version };
    if (replaces !== undefined && move.from !== replaces) throw aliasMovedMeanwhile(move, replaces);
    if (move.from === move.to) return { writes: [], result: move };
    const context = { ...session.context(found.modelId, actor), why };
    const changedAt = pointed?.updatedAt ?? (await session.lastAliasChange(found.modelId, alias));
    // Counting the version's revision up: whoever deletes it meanwhile looks again, and finds the alias.
    const writes = [changeVersion(context, target, {}), ...aliasWrites(context, move, changedAt)];
    return { writes, result: move };
  });
}

export async function deleteAlias(
  session: RegistrySession,
  { model, alias, actor, ...why }: AliasTarget,
): Promise<void> {
  assertAlias(alias);
  assertWhy(why);
  await session.write(async () => {
    const found = await session.find(model, (id) => [aliasKey(id, alias)]);
    if (found === undefined) throw modelNotFound(model);
    const [pointed] = found.items as [AliasItem?];
    const context = { ...session.context(found.modelId, actor), why };
    return { writes: pointed ? aliasRemovalWrites(context, model, pointed) : [], result: undefined };
  });
}
