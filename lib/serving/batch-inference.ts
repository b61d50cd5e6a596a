import { Duration, type Size } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { METRICS } from '../contracts/metrics';
import { monitor } from '../monitoring/monitor';
import type { IMonitoring } from '../monitoring/monitoring-api';
import { functionMetric } from '../private/function-metric';
import { publishWhenLayersChange } from '../private/layer-versions';
import { type IModelRegistry, ModelRegistry } from '../registry/model-registry';
import { recordFunction } from './record-function';
import { batchMonitoring } from './record-monitoring';

/** Properties of inference in batches. */
export interface BatchInferenceProps {
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
   * How long one call may take.
   * @default Duration.minutes(5)
   */
  readonly timeout?: Duration;

  /**
   * Where this layer shows itself and brings its alarms.
   * @default - it is not monitored
   */
  readonly monitoring?: IMonitoring;
}

/**
 * Inference as a step of a state machine: an array of records goes in, one result for each comes out. Records that can be
 * are run as one; one that is refused has its reason as its result and takes no other along.
 *
 * @example
 * const batch = new BatchInference(this, 'Batch', { registry, model: 'credit' });
 * new stepfunctions.StateMachine(this, 'Scoring', {
 *   definitionBody: stepfunctions.DefinitionBody.fromChainable(batch.task(this, 'Score')),
 * });
 */
export class BatchInference extends Construct implements iam.IGrantable {
  /** The function. Call its alias `live`, not the function itself. */
  public readonly batchFunction: lambda.Function;
  /** The alias that every caller uses. */
  public readonly live: lambda.Alias;
  public readonly registry: IModelRegistry;
  public readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: BatchInferenceProps) {
    super(scope, id);
    publishWhenLayersChange(this);
    this.registry = props.registry ?? new ModelRegistry(this, 'ModelRegistry');
    const handler = recordFunction(this, 'Infer', {
      ...props,
      handler: 'infer-batch',
      description: 'Answers batches of records with onnxruntime',
      registry: this.registry,
    });
    this.batchFunction = handler;
    this.live = handler.live;
    this.grantPrincipal = handler.grantPrincipal;
    monitor(this, props.monitoring, batchMonitoring(this));
  }

  /** Allows to call the function. */
  public grantInvoke(grantee: iam.IGrantable): iam.Grant {
    return this.live.grantInvoke(grantee);
  }

  /**
   * A step of a state machine. Its input is an array of records, or an object that has them as `records`; its output has
   * `results`, `succeeded` and `failed`. A call that fails as a whole for a reason that may pass is tried again.
   * @param scope of the state machine
   * @param id of the step
   */
  public task(scope: Construct, id: string): tasks.LambdaInvoke {
    const task = new tasks.LambdaInvoke(scope, id, {
      lambdaFunction: this.live,
      payloadResponseOnly: true,
      retryOnServiceExceptions: true,
    });
    task.addRetry({
      errors: ['UnavailableError'],
      interval: Duration.seconds(2),
      maxAttempts: 5,
      backoffRate: 2,
      jitterStrategy: sfn.JitterType.FULL,
    });
    return task;
  }

  /** Records that were answered or rejected. Sum. */
  public metricRecords(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.records, options);
  }

  /** Records that got a reason instead of an answer. Sum. */
  public metricRejectedRecords(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.rejectedRecords, options);
  }

  private metric(name: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    const statistic = cloudwatch.Stats.SUM;
    return functionMetric({ handler: this.batchFunction, service: 'infer-batch', name, statistic }, options);
  }
}
