import { Duration, Size, Stack, Token } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import { exchangeBytes } from '../contracts/serving-memory';
import type { CodeDelivery } from '../delivery/code-delivery';
import { HandlerDelivery } from '../delivery/handler-delivery';
import type { TrafficShift } from '../delivery/traffic-shift';
import { Gateway, type IGateway } from '../gateway/gateway';
import { monitor } from '../monitoring/monitor';
import type { IMonitoring } from '../monitoring/monitoring-api';
import { StrataConstructError } from '../private/errors';
import { HandlerFunction } from '../private/handler-function';
import { publishWhenLayersChange } from '../private/layer-versions';
import { ifResolved } from '../private/tokens';
import { type IModelRegistry, ModelRegistry } from '../registry/model-registry';
import { Exchange, type IExchange } from './exchange';
import { MeasuredServing } from './measured-serving';
import { OnnxRuntimeLayer } from './onnx-runtime-layer';
import { servingAlarms } from './serving-alarms';
import { servingRows } from './serving-dashboard';

/** Properties of the serving layer. */
export interface ServingProps {
  /**
   * Where models come from.
   * @default - a registry of its own
   */
  readonly registry?: IModelRegistry;

  /**
   * Where requests come in.
   * @default - a gateway of its own, with IAM access
   */
  readonly gateway?: IGateway;

  /**
   * Through which tensors go that are too large for a request or an answer. Mount it on the same gateway.
   * @default - an exchange of its own, on the gateway of this layer, for uploads as large as this layer takes
   */
  readonly exchange?: IExchange;

  /**
   * Memory of the inference function in MiB. Lambda grants one vCPU for each 1,769 MiB.
   * @default 1769
   */
  readonly memorySize?: number;

  /**
   * Processor architecture of the inference function.
   * @default Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * Disk of the inference function, where model files are kept while it lives.
   * @default Size.gibibytes(1)
   */
  readonly ephemeralStorageSize?: Size;

  /**
   * How long a moved alias may go unnoticed.
   * @default Duration.seconds(10)
   */
  readonly aliasMaxAge?: Duration;

  /**
   * Names of registered models that stay open as long as memory allows, with the version before. Where environments are
   * started ahead of requests, they open the champions of these models then. For that give the alias `live` provisioned
   * concurrency: `serving.live.addAutoScaling({ minCapacity: 1, maxCapacity: 1 })`.
   * @default - models are opened by the first request, and closed by how long nobody asked for them
   */
  readonly prime?: string[];

  /**
   * How traffic moves to a new version of the inference function, once that has passed its check.
   * @default TrafficShift.canary(10, Duration.minutes(5))
   */
  readonly codeShift?: TrafficShift;

  /**
   * Where this layer shows itself and brings its alarms.
   * @default - it is not monitored
   */
  readonly monitoring?: IMonitoring;
}

/**
 * The serving layer: the Open Inference Protocol over API Gateway, answered by onnxruntime in a function.
 *
 * @example
 * new Serving(this, 'Serving', { registry, gateway });
 */
export class Serving extends MeasuredServing implements iam.IGrantable {
  /** The inference function. Call its alias `live`, not the function itself. */
  public readonly inferFunction: lambda.Function;
  /** The alias that every caller uses. */
  public readonly live: lambda.Alias;
  /** Memory of the inference function in MiB. */
  public readonly memorySize: number;
  /** Disk of the inference function. */
  public readonly ephemeralStorageSize: Size;
  public readonly registry: IModelRegistry;
  public readonly gateway: IGateway;
  public readonly exchange: IExchange;
  /** Releases new versions of the inference function. Add the alarms to it that shall end a release. */
  public readonly delivery: CodeDelivery;
  public readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: ServingProps = {}) {
    super(scope, id);
    publishWhenLayersChange(this);
    ifResolved(props.memorySize, (memory) => {
      if (!Number.isInteger(memory) || memory < 256 || memory > 10_240) {
        throw new StrataConstructError(
          'INVALID_MEMORY_SIZE',
          `memorySize must be 256 to 10240 MiB, got ${memory}`,
        );
      }
    });
    if (props.prime?.some((name) => name === '')) {
      throw new StrataConstructError(
        'INVALID_PRIME',
        'prime has an empty name; list names of registered models',
      );
    }
    this.memorySize = props.memorySize ?? 1769;
    this.ephemeralStorageSize = props.ephemeralStorageSize ?? Size.gibibytes(1);
    const architecture = props.architecture ?? lambda.Architecture.X86_64;
    const infer = new HandlerFunction(this, 'Infer', {
      handler: 'infer',
      description: 'Answers inference requests with onnxruntime',
      architecture,
      memorySize: this.memorySize,
      // API Gateway ends a request after 29 s.
      timeout: Duration.seconds(29),
      ephemeralStorageSize: this.ephemeralStorageSize,
      environment: {
        [ENVIRONMENT.aliasMaxAge]: String((props.aliasMaxAge ?? Duration.seconds(10)).toSeconds()),
        ...(props.prime && { [ENVIRONMENT.prime]: Stack.of(this).toJsonString(props.prime) }),
      },
      // The prediction log is a buffer on its way to those who keep predictions.
      logRetention: logs.RetentionDays.THREE_DAYS,
    });
    OnnxRuntimeLayer.forArchitecture(this, architecture).addTo(infer);
    this.registry = props.registry ?? new ModelRegistry(this, 'ModelRegistry');
    this.registry.bindTo(infer);
    this.gateway = props.gateway ?? new Gateway(this, 'Gateway', { monitoring: props.monitoring });
    this.exchange =
      props.exchange ??
      new Exchange(this, 'Exchange', { gateway: this.gateway, maxUploadSize: takenUploads(this.memorySize) });
    this.exchange.bindTo(infer);
    this.gateway.mount('v2', infer.live, { scopes: ['infer', 'registry.read'] });
    this.delivery = new HandlerDelivery(this, 'Delivery', {
      handler: infer,
      check: 'inference',
      shift: props.codeShift,
    });
    this.inferFunction = infer;
    this.live = infer.live;
    this.grantPrincipal = infer.grantPrincipal;
    monitor(this, props.monitoring, { alarms: servingAlarms(this), rows: servingRows(this) });
  }
}

/** What is uploaded beyond this could not be read; with memory that only CloudFormation knows, S3's own limit holds. */
function takenUploads(memorySize: number): Size | undefined {
  return Token.isUnresolved(memorySize) ? undefined : Size.bytes(exchangeBytes(memorySize));
}
