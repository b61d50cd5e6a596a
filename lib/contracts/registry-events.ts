/** `source` of the registry's events on an event bus. */
export const REGISTRY_EVENT_SOURCE = 'strata.registry';
