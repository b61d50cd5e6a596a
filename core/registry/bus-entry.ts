import type { REGISTRY_EVENT_SOURCE } from '../../lib/contracts/registry-events.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { EventItem, ItemKey } from './registry-items.ts';

/** An event as it goes over a bus. */
export interface BusEntry {
  readonly source: typeof REGISTRY_EVENT_SOURCE;
  readonly detailType: string;
  /** ISO 8601, UTC: when it happened, not when it was sent. */
  readonly time: string;
  /** JSON of a `PublishedEvent`. */
  readonly detail: string;
  /** Events with the same key are sent one after the other. */
  readonly orderKey: string;
}

/**
 * The CloudEvent that others receive. `partitionkey` is CloudEvents' extension for what belongs together: the id of the
 * model, which outlives its name. One that is too large for a bus has no data but a `dataref`, CloudEvents' extension
 * for data that lies elsewhere.
 */
export type PublishedEvent = Omit<RegistryEvent, 'data' | 'datacontenttype'> & {
  readonly partitionkey: string;
} & (Pick<RegistryEvent, 'data' | 'datacontenttype'> | { readonly dataref: string });

/**
 * Largest detail in bytes. An entry may have 256 KB with all that EventBridge puts around the detail.
 * Source: EventBridge API, PutEvents.
 */
const MOST_DETAIL_BYTES = 250 * 1024;

export function busEntry({ pk, sk, event }: EventItem): BusEntry {
  const orderKey = pk.slice(pk.indexOf('#') + 1);
  const { data, datacontenttype, ...envelope } = event;
  const whole: PublishedEvent = { ...envelope, partitionkey: orderKey, datacontenttype, data };
  const pointer: PublishedEvent = {
    ...envelope,
    partitionkey: orderKey,
    dataref: outboxReference({ pk, sk }),
  };
  const detail = JSON.stringify(whole);
  const fits = Buffer.byteLength(detail) <= MOST_DETAIL_BYTES;
  return {
    source: 'strata.registry',
    detailType: detailType(event.type),
    time: event.time,
    detail: fits ? detail : JSON.stringify(pointer),
    orderKey,
  };
}

/**
 * `strata.registry.alias-moved` is `AliasMoved`. Outside of the registry a version could be that of anything:
 * `strata.registry.version-registered` is `ModelVersionRegistered`.
 */
export function detailType(type: string): string {
  const name = type.slice(type.lastIndexOf('.') + 1).replace(/^version-/, 'model-version-');
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** Where an event lies in the registry's table, as a URI: `urn:strata:outbox:<pk>:<sk>`, both percent-encoded. */
function outboxReference({ pk, sk }: ItemKey): string {
  return `urn:strata:outbox:${encodeURIComponent(pk)}:${encodeURIComponent(sk)}`;
}
