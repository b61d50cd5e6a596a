import { Names, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct, IConstruct } from 'constructs';
import { SCOPES, type Scope } from '../contracts/access';
import type { CodeDelivery } from '../delivery/code-delivery';
import { HandlerDelivery } from '../delivery/handler-delivery';
import type { TrafficShift } from '../delivery/traffic-shift';
import { monitor } from '../monitoring/monitor';
import type { IMonitoring } from '../monitoring/monitoring-api';
import type { AccessBinding } from '../private/access-binding';
import { StrataConstructError } from '../private/errors';
import { Access } from './access';
import { ACCESS_LOG_FORMAT, countThrottled } from './access-log';
import { addErrorResponses } from './error-responses';
import { gatewayAlarms } from './gateway-alarms';
import { gatewayRows } from './gateway-dashboard';
import { MeasuredGateway } from './measured-gateway';
import { answerUnknownPaths, UNKNOWN_PATH_ERRORS } from './unknown-paths';

/** The API's front door: layers mount their functions on it. */
export interface IGateway extends IConstruct {
  /** Base URL of the API, stage included, without a trailing slash. */
  readonly url: string;

  /**
   * Sends every request below a path prefix to a function.
   * @param prefix path segments without slashes at the ends, for example `v2` or `strata/v1/records`; none lies below
   * another one
   * @param handler the function's alias `live`
   * @param options who may come that far
   */
  mount(prefix: string, handler: lambda.IFunction, options?: MountOptions): void;
}

/** Options for a path prefix of a gateway. */
export interface MountOptions {
  /**
   * Scopes of the token that open the prefix; any one of them does, and `admin` always. Which of them a single route
   * needs is for the function to decide. With IAM access the caller's policies decide about paths instead.
   * @default - `admin` alone
   */
  readonly scopes?: string[];
}

/** Properties of a gateway. */
export interface GatewayProps {
  /**
   * Who may call.
   * @default Access.iam()
   */
  readonly access?: Access;

  /**
   * Name of the stage: the first segment of every path.
   * @default 'prod'
   */
  readonly stageName?: string;

  /**
   * Requests per second that the stage lets through on average.
   * @default 500
   */
  readonly throttlingRateLimit?: number;

  /**
   * Requests that may come at once.
   * @default 1000
   */
  readonly throttlingBurstLimit?: number;

  /**
   * Where access logs go. API Gateway writes them only in accounts that have a log role.
   * @default - no access logs
   */
  readonly accessLogGroup?: logs.ILogGroup;

  /**
   * How traffic moves to a new version of the function that verifies tokens, once that has passed its check.
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
 * A regional REST API with one authorizer for all methods, error bodies that every client of the protocols reads, and
 * one proxy resource for each layer. Deny by default: there is no way to a function without authorisation; where nothing
 * is mounted everybody is answered 404.
 *
 * @example
 * const gateway = new Gateway(this, 'Gateway', { access: Access.cognito(userPool) });
 */
export class Gateway extends MeasuredGateway implements IGateway {
  public readonly url: string;
  /** The REST API. */
  public readonly restApi: apigateway.RestApi;
  public readonly stageName: string;
  /** The function that verifies tokens; undefined with IAM access. */
  public readonly authorizeFunction?: lambda.Function;
  /** Releases new versions of that function; undefined with IAM access. */
  public readonly authorizeDelivery?: CodeDelivery;

  private readonly binding: AccessBinding;
  private readonly prefixScopes = new Map<string, readonly Scope[]>();

  constructor(scope: Construct, id: string, props: GatewayProps = {}) {
    super(scope, id);
    // In apps without this flag a changed authorizer would not be deployed to the stage until something else changes.
    this.node.setContext('@aws-cdk/aws-apigateway:authorizerChangeDeploymentLogicalId', true);
    this.stageName = props.stageName ?? 'prod';
    this.restApi = new apigateway.RestApi(this, 'Resource', {
      // API Gateway's metrics know an API by its name only.
      restApiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: 'Strata: inference and model deployment',
      endpointConfiguration: { types: [apigateway.EndpointType.REGIONAL] },
      // Clients of the binary tensor extension send no Content-Type; anything narrower would decode their bytes as text.
      binaryMediaTypes: ['*/*'],
      cloudWatchRole: false,
      deployOptions: {
        stageName: this.stageName,
        throttlingRateLimit: props.throttlingRateLimit ?? 500,
        throttlingBurstLimit: props.throttlingBurstLimit ?? 1000,
        metricsEnabled: true,
        tracingEnabled: true,
        accessLogDestination:
          props.accessLogGroup && new apigateway.LogGroupLogDestination(props.accessLogGroup),
        accessLogFormat: props.accessLogGroup && ACCESS_LOG_FORMAT,
      },
    });
    this.binding = (props.access ?? Access.iam())._bind(this, () => Object.fromEntries(this.prefixScopes));
    this.authorizeFunction = this.binding.authorizeFunction;
    if (this.binding.authorizeFunction) {
      this.authorizeDelivery = new HandlerDelivery(this, 'AuthorizeDelivery', {
        handler: this.binding.authorizeFunction,
        check: 'refusal',
        shift: props.codeShift,
        refusesByThrowing: true,
      });
    }
    const { region, urlSuffix } = Stack.of(this);
    this.url = `https://${this.restApi.restApiId}.execute-api.${region}.${urlSuffix}/${this.restApi.deploymentStage.stageName}`;
    addErrorResponses(this.restApi, [...UNKNOWN_PATH_ERRORS, ...this.binding.refusals]);
    answerUnknownPaths(this.restApi);
    const hasAccessLogs = props.accessLogGroup !== undefined;
    if (props.accessLogGroup) countThrottled(this, props.accessLogGroup);
    monitor(this, props.monitoring, {
      alarms: gatewayAlarms(this, hasAccessLogs),
      rows: gatewayRows(this, hasAccessLogs),
    });
    this.node.addValidation({
      validate: () =>
        this.prefixScopes.size > 0 ? [] : [`${this.node.path}: nothing is mounted on this gateway`],
    });
  }

  public mount(prefix: string, handler: lambda.IFunction, options: MountOptions = {}): void {
    if (!/^[a-z0-9]+(\/[a-z0-9]+)*$/.test(prefix)) {
      throw new StrataConstructError(
        'INVALID_PREFIX',
        `"${prefix}" must be lower-case path segments joined by "/"`,
      );
    }
    const taken = [...this.prefixScopes.keys()].find((other) => overlap(prefix, other));
    if (taken !== undefined) {
      throw new StrataConstructError(
        'PREFIX_TAKEN',
        `"${prefix}" cannot be mounted: a function is already mounted on "${taken}"; who may come to one might come to the other`,
      );
    }
    this.prefixScopes.set(prefix, (options.scopes ?? []).map(knownScope));
    const integration = new apigateway.LambdaIntegration(handler, {
      // One permission for the whole API: one for each method would overflow the function's 20 KB policy.
      scopePermissionToMethod: false,
    });
    const methodOptions = {
      authorizationType: this.binding.authorizationType,
      authorizer: this.binding.authorizer,
    };
    const resource = this.restApi.root.resourceForPath(prefix);
    resource.addMethod('ANY', integration, methodOptions);
    resource.addResource('{proxy+}').addMethod('ANY', integration, methodOptions);
  }
}

function overlap(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

function knownScope(name: string): Scope {
  const known = SCOPES.find((scope) => scope === name);
  if (known) return known;
  throw new StrataConstructError('UNKNOWN_SCOPE', `"${name}" is none of ${SCOPES.join(', ')}`);
}
