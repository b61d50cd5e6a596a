import { type Duration, RemovalPolicy, type Size } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { builtAsset } from './assets';

export interface HandlerFunctionProps {
  /** Folder of the handler under `lambdas/`. */
  readonly handler: string;
  readonly description: string;
  readonly memorySize: number;
  readonly timeout: Duration;
  readonly architecture?: lambda.Architecture;
  readonly ephemeralStorageSize?: Size;
  readonly environment?: { [name: string]: string };
  readonly logRetention?: logs.RetentionDays;
}

/**
 * One of our functions: code, handler and runtime are fixed to the bundle that the package ships.
 * Callers use the alias `live`, never the function itself, so that a new version can be shifted in.
 */
export class HandlerFunction extends lambda.Function {
  /** Folder of the handler under `lambdas/`; its metrics carry it as the dimension `service`. */
  public readonly handlerName: string;
  private alias?: lambda.Alias;

  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    const logGroup = new logs.LogGroup(scope, `${id}Logs`, {
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The managed policy for functions would allow to write to every log group of the account.
    const role = new iam.Role(scope, `${id}Role`, {
      description: props.description,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    super(scope, id, {
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: props.architecture ?? lambda.Architecture.X86_64,
      code: lambda.Code.fromAsset(builtAsset('lambdas', props.handler)),
      handler: 'handler.handler',
      memorySize: props.memorySize,
      timeout: props.timeout,
      ephemeralStorageSize: props.ephemeralStorageSize,
      environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
      role,
      logGroup,
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      // A rollback needs the version that it goes back to. One that was taken back goes with its release: Lambda does not
      // publish the same code twice, so that it could not be deployed again.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
    });
    this.handlerName = props.handler;
  }

  /** Made when it is first asked for: a function that is no step of a path needs no versions. */
  public get live(): lambda.Alias {
    this.alias ??= new lambda.Alias(this, 'Live', { aliasName: 'live', version: this.currentVersion });
    return this.alias;
  }
}
