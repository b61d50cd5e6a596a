import type { AliasMove } from './registry-writer.ts';

interface EventContext {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly actor?: string;
}

/** What happened in the registry: a CloudEvents 1.0 JSON envelope; `id` is the idempotency key. */
export interface RegistryEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: 'strata/registry';
  readonly type:
    | 'strata.registry.version-registered'
    | 'strata.registry.alias-moved'
    | 'strata.registry.access-rules-changed';
  readonly time: string;
  /** The model; `access-rules` for those. */
  readonly subject: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, string | undefined>>;
}

export function versionRegistered(
  context: EventContext,
  version: { readonly model: string; readonly version: string; readonly digest: string },
): RegistryEvent {
  return envelope('strata.registry.version-registered', context, version.model, version);
}

export function aliasMoved(context: EventContext, move: AliasMove): RegistryEvent {
  return envelope('strata.registry.alias-moved', context, move.model, { ...move });
}

export function accessRulesChanged(context: EventContext, revision: number): RegistryEvent {
  return envelope('strata.registry.access-rules-changed', context, 'access-rules', {
    revision: String(revision),
  });
}

function envelope(
  type: RegistryEvent['type'],
  { id, time, actor }: EventContext,
  subject: string,
  data: Readonly<Record<string, string | undefined>>,
): RegistryEvent {
  return {
    specversion: '1.0',
    id,
    source: 'strata/registry',
    type,
    time,
    subject,
    datacontenttype: 'application/json',
    data: { ...data, actor },
  };
}
