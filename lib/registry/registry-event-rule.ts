import * as events from 'aws-cdk-lib/aws-events';
import type { Construct, IConstruct } from 'constructs';
import { REGISTRY_EVENT_SOURCE } from '../contracts/registry-events';

/** What happens in a registry: `detail-type` of the events. */
export enum RegistryEventType {
  /** A model was made. */
  MODEL_CREATED = 'ModelCreated',
  /** The text about a model is another. */
  MODEL_UPDATED = 'ModelUpdated',
  /** A model has another name; `subject` is the new one. */
  MODEL_RENAMED = 'ModelRenamed',
  /** A model was deleted with its versions and aliases. */
  MODEL_DELETED = 'ModelDeleted',
  /** A tag of a model was set. */
  MODEL_TAG_SET = 'ModelTagSet',
  /** A tag of a model was deleted. */
  MODEL_TAG_DELETED = 'ModelTagDeleted',
  /** A version was registered as READY, by `strata register`. */
  MODEL_VERSION_REGISTERED = 'ModelVersionRegistered',
  /** A version was made. It is not READY yet: its files are to be checked. */
  MODEL_VERSION_CREATED = 'ModelVersionCreated',
  /** The text about a version is another. */
  MODEL_VERSION_UPDATED = 'ModelVersionUpdated',
  /** A version has another stage. */
  MODEL_VERSION_STAGE_CHANGED = 'ModelVersionStageChanged',
  /** A version passed its checks and is READY. */
  MODEL_VERSION_ADMITTED = 'ModelVersionAdmitted',
  /** A version did not pass its checks. */
  MODEL_VERSION_FAILED = 'ModelVersionFailed',
  /** A version was deleted with the aliases that pointed at it. */
  MODEL_VERSION_DELETED = 'ModelVersionDeleted',
  /** A tag of a version was set. */
  MODEL_VERSION_TAG_SET = 'ModelVersionTagSet',
  /** A tag of a version was deleted. */
  MODEL_VERSION_TAG_DELETED = 'ModelVersionTagDeleted',
  /** An alias points at another version, or is new. */
  ALIAS_MOVED = 'AliasMoved',
  /** An alias was deleted. */
  ALIAS_DELETED = 'AliasDeleted',
  /** Other rules say who may use which models. */
  ACCESS_RULES_CHANGED = 'AccessRulesChanged',
}

/** Which events a rule is for, beside what every rule of EventBridge takes. */
export interface OnRegistryEventOptions extends events.OnEventOptions {
  /**
   * Only events of these types.
   * @default - of all types
   */
  readonly types?: RegistryEventType[];

  /**
   * Only events of the models with these names.
   * @default - of all models, and of the access rules
   */
  readonly models?: string[];
}

/** A registry whose events are on an event bus. */
export interface IRegistryEvents extends IConstruct {
  /** Where the events are. Their source is `strata.registry`. */
  readonly eventBus: events.IEventBus;

  /**
   * Hands events of the registry to a target.
   * @param id id of the rule
   * @param options target, and which events
   */
  onEvent(id: string, options?: OnRegistryEventOptions): events.Rule;
}

export function registryEventRule(
  scope: Construct,
  id: string,
  eventBus: events.IEventBus,
  { types, models, target, eventPattern, ruleName, description }: OnRegistryEventOptions,
): events.Rule {
  const rule = new events.Rule(scope, id, {
    eventBus,
    ruleName,
    description,
    eventPattern: {
      source: [REGISTRY_EVENT_SOURCE],
      ...(types && { detailType: types }),
      ...(models && { detail: { subject: models } }),
    },
  });
  if (eventPattern) rule.addEventPattern(eventPattern);
  rule.addTarget(target);
  return rule;
}
