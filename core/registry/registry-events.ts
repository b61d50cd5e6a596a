/** What can happen: the end of the event's type. */
export type RegistryEventName =
  | 'model-created'
  | 'model-updated'
  | 'model-renamed'
  | 'model-deleted'
  | 'model-tag-set'
  | 'model-tag-deleted'
  | 'version-registered'
  | 'version-created'
  | 'version-updated'
  | 'version-stage-changed'
  | 'version-admitted'
  | 'version-failed'
  | 'version-deleted'
  | 'version-tag-set'
  | 'version-tag-deleted'
  | 'alias-moved'
  | 'alias-deleted'
  | 'access-rules-changed';

export interface EventContext {
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
  readonly type: `strata.registry.${RegistryEventName}`;
  readonly time: string;
  /** The model; `access-rules` for those. */
  readonly subject: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, string | undefined>>;
}

/** Something that happened to a model. Values of tags and texts that people wrote stay out of events. */
export function registryEvent(
  name: RegistryEventName,
  context: EventContext,
  data: { readonly model: string } & Readonly<Record<string, string | undefined>>,
): RegistryEvent {
  return envelope(`strata.registry.${name}`, context, data.model, data);
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
