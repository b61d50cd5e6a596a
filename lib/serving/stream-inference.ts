import { Duration, type Size } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import { METRICS } from '../contracts/metrics';
import { monitor } from '../monitoring/monitor';
import type { IMonitoring } from '../monitoring/monitoring-api';
import { functionMetric } from '../private/function-metric';
import { publishWhenLayersChange } from '../private/layer-versions';
import { type IModelRegistry, ModelRegistry } from '../registry/model-registry';
import { recordFunction } from './record-function';
import { streamMonitoring } from './record-monitoring';

const WRITE_ACTIONS = ['kinesis:PutRecords'];
const KEY_WRITE_ACTIONS = ['kms:GenerateDataKey'];

/** Properties of inference on a stream. */
export interface StreamInferenceProps {
  /** Registered name of the model that answers. */
  readonly model: string;

  /**
   * Version or alias of the model.
   * @default - the champion
   */
  readonly modelVersion?: string;

  /**
   * Where the model comes from.
   * @default - a registry of its own
   */
  readonly registry?: IModelRegistry;

  /**
   * Where records come from.
   * @default - an on-demand stream of its own, encrypted by the key that AWS manages for Kinesis
   */
  readonly source?: kinesis.IStream;

  /**
   * Where results go: answers and reasons of rejection, each with the partition key of its record.
   * @default - an on-demand stream of its own, encrypted by the key that AWS manages for Kinesis
   */
  readonly results?: kinesis.IStream;

  /**
   * Most records of one call. The more there are, the more are run as one.
   * @default 1000
   */
  readonly batchSize?: number;

  /**
   * How long records are gathered before a call.
   * @default - as soon as there are records
   */
  readonly maxBatchingWindow?: Duration;

  /**
   * Memory of the function in MiB. Lambda grants one vCPU for each 1,769 MiB.
   * @default 1769
   */
  readonly memorySize?: number;

  /**
   * Processor architecture of the function.
   * @default Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * Disk of the function, where model files are kept while it lives.
   * @default - 512 MiB
   */
  readonly ephemeralStorageSize?: Size;

  /**
   * Where this layer shows itself and brings its alarms.
   * @default - it is not monitored
   */
  readonly monitoring?: IMonitoring;
}

/**
 * Inference on a stream: records of a Kinesis stream are answered in the order of their shard, and results go to another
 * stream. Records that can be are run as one. One that is refused for what it holds is rejected with the reason as its
 * result; what fails for another reason is tried again, and in the end named in a queue.
 *
 * @example
 * new StreamInference(this, 'Scoring', { registry, model: 'credit', source: transactions });
 */
export class StreamInference extends Construct implements iam.IGrantable {
  /** The function. Its alias `live` reads the stream. */
  public readonly streamFunction: lambda.Function;
  /** The alias that reads the stream. */
  public readonly live: lambda.Alias;
  public readonly registry: IModelRegistry;
  public readonly source: kinesis.IStream;
  public readonly results: kinesis.IStream;
  /** Where Lambda names records that could not be processed: shard and sequence numbers, not the records themselves. */
  public readonly failureQueue: sqs.Queue;
  public readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: StreamInferenceProps) {
    super(scope, id);
    publishWhenLayersChange(this);
    this.registry = props.registry ?? new ModelRegistry(this, 'ModelRegistry');
    this.source = props.source ?? encryptedStream(this, 'Source');
    this.results = props.results ?? encryptedStream(this, 'Results');
    this.failureQueue = new sqs.Queue(this, 'Failures', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const handler = recordFunction(this, 'Infer', {
      ...props,
      handler: 'infer-stream',
      description: 'Answers records of a stream with onnxruntime',
      registry: this.registry,
    });
    handler.addEnvironment(ENVIRONMENT.resultsStream, this.results.streamName);
    this.grantWriteResults(handler);
    this.streamFunction = handler;
    this.live = handler.live;
    this.grantPrincipal = handler.grantPrincipal;
    this.live.addEventSource(
      new sources.KinesisEventSource(this.source, {
        startingPosition: lambda.StartingPosition.TRIM_HORIZON,
        batchSize: props.batchSize ?? 1000,
        maxBatchingWindow: props.maxBatchingWindow,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        retryAttempts: 10,
        onFailure: new sources.SqsDlq(this.failureQueue),
      }),
    );
    monitor(this, props.monitoring, streamMonitoring(this));
  }

  /** Records that were answered or rejected. Sum. */
  public metricRecords(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.records, options);
  }

  /** Records that got a reason instead of an answer. Sum. */
  public metricRejectedRecords(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.rejectedRecords, options);
  }

  /** How old the oldest record was when it was read, in milliseconds. Maximum. */
  public metricOldestAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.streamFunction.metric('IteratorAge', { statistic: cloudwatch.Stats.MAXIMUM, ...options });
  }

  /** Entries of the queue that names records which could not be processed. Maximum. */
  public metricFailures(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.failureQueue.metricApproximateNumberOfMessagesVisible({
      statistic: cloudwatch.Stats.MAXIMUM,
      ...options,
    });
  }

  private grantWriteResults(grantee: iam.IGrantable): void {
    iam.Grant.addToPrincipal({ grantee, actions: WRITE_ACTIONS, resourceArns: [this.results.streamArn] });
    this.results.encryptionKey?.grant(grantee, ...KEY_WRITE_ACTIONS);
  }

  private metric(name: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    const statistic = cloudwatch.Stats.SUM;
    return functionMetric(
      { handler: this.streamFunction, service: 'infer-stream', name, statistic },
      options,
    );
  }
}

function encryptedStream(scope: Construct, id: string): kinesis.Stream {
  return new kinesis.Stream(scope, id, {
    streamMode: kinesis.StreamMode.ON_DEMAND,
    encryption: kinesis.StreamEncryption.MANAGED,
  });
}
