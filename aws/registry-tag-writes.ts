import { listingOf, type ModelItem, tagItem, type VersionItem } from '../core/registry/registry-items.ts';
import { tagKey } from '../core/registry/registry-keys.ts';
import type { TagTarget } from '../core/registry/registry-writer.ts';
import { assertTag, type TagMap, withoutTag, withTags } from '../core/registry/tags.ts';
import type { Write } from './optimistic-write.ts';
import type { FoundModel, FoundVersion, RegistrySession } from './registry-session.ts';
import { changeModel, changeVersion, emit, erase, put } from './registry-transactions.ts';

export async function setTag(session: RegistrySession, target: TagTarget, value: string): Promise<void> {
  const { key, version } = target;
  assertTag(key, value);
  await session.write(async () => {
    const owner = await ownerOf(session, target);
    const { tags } = owner.item;
    const now = withTags(tags, { [key]: value });
    // A value that is kept apart is put again: the item tells its length only.
    if (Object.hasOwn(tags, key) && tags[key] === value) return { writes: [], result: undefined };
    const apart = typeof now[key] === 'number';
    const { context } = owner;
    const writes = [
      ...changeTags(owner, now, target, 'set'),
      ...(apart ? [put(context, tagItem(context.modelId, version, key, value))] : removal(owner, target)),
    ];
    return { writes, result: undefined };
  });
}

export async function deleteTag(session: RegistrySession, target: TagTarget): Promise<void> {
  await session.write(async () => {
    const owner = await ownerOf(session, target);
    if (!Object.hasOwn(owner.item.tags, target.key)) return { writes: [], result: undefined };
    const now = withoutTag(owner.item.tags, target.key);
    return {
      writes: [...changeTags(owner, now, target, 'deleted'), ...removal(owner, target)],
      result: undefined,
    };
  });
}

type Owner = (FoundModel | FoundVersion) & { readonly item: ModelItem | VersionItem };

/** What the tag is of. */
async function ownerOf(session: RegistrySession, { version, ...target }: TagTarget): Promise<Owner> {
  if (version === undefined) {
    const found = await session.model(target);
    return { ...found, item: found.model };
  }
  const found = await session.version({ ...target, version });
  return { ...found, item: found.version };
}

function changeTags(owner: Owner, tags: TagMap, target: TagTarget, what: 'set' | 'deleted'): Write[] {
  const { context } = owner;
  const { model, version, key } = target;
  return 'version' in owner
    ? [
        changeVersion(context, owner.version, { tags }),
        emit(context, `version-tag-${what}`, { model, version, key }),
      ]
    : [
        // The tag may make a prompt of the model, or a model of the prompt.
        changeModel(context, owner.model, { tags, listing: listingOf(tags) }),
        emit(context, `model-tag-${what}`, { model, key }),
      ];
}

/** The value that was kept apart, if it was. */
function removal({ context, item }: Owner, { version, key }: TagTarget): Write[] {
  const wasApart = Object.hasOwn(item.tags, key) && typeof item.tags[key] === 'number';
  return wasApart ? [erase(context, tagKey(context.modelId, version, key))] : [];
}
