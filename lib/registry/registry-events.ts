import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import { METRICS } from '../contracts/metrics';
import { REGISTRY_KEY, REGISTRY_PARTITIONS } from '../contracts/registry-layout';
import { monitor } from '../monitoring/monitor';
import type { IMonitoring } from '../monitoring/monitoring-api';
import { StrataConstructError } from '../private/errors';
import { functionMetric } from '../private/function-metric';
import { HandlerFunction } from '../private/handler-function';
import { type IModelRegistryStore, ModelRegistryStore } from './model-registry-store';
import { type IRegistryEvents, type OnRegistryEventOptions, registryEventRule } from './registry-event-rule';
import { registryEventsAlarms, registryEventsRows } from './registry-events-monitoring';

const STREAM_READ_ACTIONS = ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'];
const STREAM_LIST_ACTIONS = ['dynamodb:ListStreams'];
const KEY_READ_ACTIONS = ['kms:Decrypt'];

/** Properties of a registry's events. */
export interface RegistryEventsProps {
  /**
   * The registry that they are of. Its table needs a stream of new images.
   * @default - a store of its own
   */
  readonly store?: IModelRegistryStore;

  /**
   * Where events go. One that is encrypted with a key of yours needs `kms:Decrypt` and `kms:GenerateDataKey` for
   * `publishFunction` as well.
   * @default - a bus of its own, encrypted by a key of AWS
   */
  readonly eventBus?: events.IEventBus;

  /**
   * Where the layer shows itself and brings its alarms.
   * @default - it is not monitored
   */
  readonly monitoring?: IMonitoring;
}

/**
 * Everything that happens in a registry, on an event bus. Each write of the registry puts its event into the same
 * transaction; a function hands new ones from the table's stream to the bus: at least once, those of a model one after
 * the other, each time with the same `id`. What cannot be handed over after many tries is named in a queue, and
 * `strata events replay` sends it again.
 *
 * @example
 * const registryEvents = new RegistryEvents(this, 'RegistryEvents', { store });
 * registryEvents.onEvent('Promoted', {
 *   types: [RegistryEventType.ALIAS_MOVED],
 *   models: ['credit'],
 *   target: new targets.SqsQueue(promotions),
 * });
 */
export class RegistryEvents extends Construct implements IRegistryEvents {
  public readonly eventBus: events.IEventBus;
  /** The function that hands events over. Its alias `live` reads the stream. */
  public readonly publishFunction: lambda.Function;
  /** The alias that reads the stream. */
  public readonly live: lambda.Alias;
  /** Where Lambda names events that could not be handed over: shard, sequence numbers and times, not the events. */
  public readonly failureQueue: sqs.Queue;

  constructor(scope: Construct, id: string, props: RegistryEventsProps = {}) {
    super(scope, id);
    const store = props.store ?? new ModelRegistryStore(this, 'Store');
    this.eventBus =
      props.eventBus ??
      new events.EventBus(this, 'Bus', { description: 'What happens in the model registry' });
    this.failureQueue = new sqs.Queue(this, 'Failures', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const handler = new HandlerFunction(this, 'Publish', {
      handler: 'publish-events',
      description: 'Hands events of the model registry to an event bus',
      memorySize: 256,
      timeout: Duration.minutes(1),
      environment: { [ENVIRONMENT.eventBus]: this.eventBus.eventBusName },
    });
    this.eventBus.grantPutEventsTo(handler);
    this.publishFunction = handler;
    this.live = handler.live;
    this.readOutbox(store);
    monitor(this, props.monitoring, { alarms: registryEventsAlarms(this), rows: registryEventsRows(this) });
  }

  public onEvent(id: string, options: OnRegistryEventOptions = {}): events.Rule {
    return registryEventRule(options.crossStackScope ?? this, id, this.eventBus, options);
  }

  /** Events that were handed over. Sum. */
  public metricPublished(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.publishedEvents, options);
  }

  /** Events among these that are too large for a bus and went without their data. Sum. */
  public metricCut(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.cutEvents, options);
  }

  /** How long ago the oldest event happened that waits to be handed over, in milliseconds. Maximum. */
  public metricOldestAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.publishFunction.metric('IteratorAge', { statistic: cloudwatch.Stats.MAXIMUM, ...options });
  }

  /** Entries of the queue that names what could not be handed over. Maximum. */
  public metricFailures(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.failureQueue.metricApproximateNumberOfMessagesVisible({
      statistic: cloudwatch.Stats.MAXIMUM,
      ...options,
    });
  }

  private readOutbox(store: IModelRegistryStore): void {
    const { tableArn, tableStreamArn } = store.table;
    if (tableStreamArn === undefined) {
      throw new StrataConstructError(
        'NO_STREAM',
        'the table of the registry has no stream that is known: give `tableStreamArn` where the store is imported',
      );
    }
    const grantee = this.publishFunction;
    iam.Grant.addToPrincipal({ grantee, actions: STREAM_READ_ACTIONS, resourceArns: [tableStreamArn] });
    // Lambda asks which streams the table has before it reads one.
    iam.Grant.addToPrincipal({
      grantee,
      actions: STREAM_LIST_ACTIONS,
      resourceArns: [`${tableArn}/stream/*`],
    });
    store.encryptionKey?.grant(grantee, ...KEY_READ_ACTIONS);
    this.live.addEventSourceMapping('Outbox', {
      eventSourceArn: tableStreamArn,
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      filters: [
        lambda.FilterCriteria.filter({
          eventName: lambda.FilterRule.isEqual('INSERT'),
          dynamodb: {
            Keys: {
              [REGISTRY_KEY.partition]: { S: lambda.FilterRule.beginsWith(REGISTRY_PARTITIONS.events) },
            },
          },
        }),
      ],
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      // Each takes some seconds where the bus takes no more: an outage of minutes only delays.
      retryAttempts: 100,
      onFailure: new sources.SqsDlq(this.failureQueue),
    });
  }

  private metric(name: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    const statistic = cloudwatch.Stats.SUM;
    return functionMetric(
      { handler: this.publishFunction, service: 'publish-events', name, statistic },
      options,
    );
  }
}
