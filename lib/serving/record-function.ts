import { Duration, type Size } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import { StrataConstructError } from '../private/errors';
import { HandlerFunction } from '../private/handler-function';
import { ifResolved } from '../private/tokens';
import type { IModelRegistry } from '../registry/model-registry';
import { OnnxRuntimeLayer } from './onnx-runtime-layer';

/** What functions that answer records have in common. */
export interface RecordFunctionProps {
  readonly handler: string;
  readonly description: string;
  readonly registry: IModelRegistry;
  readonly model: string;
  readonly modelVersion?: string;
  readonly memorySize?: number;
  readonly architecture?: lambda.Architecture;
  readonly ephemeralStorageSize?: Size;
  readonly timeout?: Duration;
}

/** A function that answers many records at once with one model of a registry. */
export function recordFunction(scope: Construct, id: string, props: RecordFunctionProps): HandlerFunction {
  ifResolved(props.model, (model) => {
    if (model === '') {
      throw new StrataConstructError('INVALID_MODEL', 'model must be the name of a registered model, got ""');
    }
  });
  ifResolved(props.memorySize, (memory) => {
    if (!Number.isInteger(memory) || memory < 256 || memory > 10_240) {
      throw new StrataConstructError(
        'INVALID_MEMORY_SIZE',
        `memorySize must be 256 to 10240 MiB, got ${memory}`,
      );
    }
  });
  const architecture = props.architecture ?? lambda.Architecture.X86_64;
  const handler = new HandlerFunction(scope, id, {
    handler: props.handler,
    description: props.description,
    architecture,
    memorySize: props.memorySize ?? 1769,
    timeout: props.timeout ?? Duration.minutes(5),
    ephemeralStorageSize: props.ephemeralStorageSize,
    environment: {
      [ENVIRONMENT.model]: props.model,
      ...(props.modelVersion !== undefined && { [ENVIRONMENT.modelVersion]: props.modelVersion }),
    },
  });
  OnnxRuntimeLayer.forArchitecture(scope, architecture).addTo(handler);
  props.registry.bindTo(handler);
  return handler;
}
