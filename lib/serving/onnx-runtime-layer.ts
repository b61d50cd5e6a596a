import { Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { builtAsset } from '../private/assets';
import { StrataConstructError } from '../private/errors';
import { onnxRuntimeVersion } from '../private/onnx-runtime-version';

const PLATFORMS: Readonly<Record<string, string>> = { x86_64: 'linux-x64', arm64: 'linux-arm64' };

/** Properties of the onnxruntime layer. */
export interface OnnxRuntimeLayerProps {
  /**
   * Architecture of the functions that use the layer.
   * @default Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;
}

/**
 * The Lambda layer with onnxruntime-node for one architecture. The layers of both come from one installation; synthesis
 * fails when that is older than what runs on Lambda.
 *
 * @example
 * const layer = OnnxRuntimeLayer.forArchitecture(this, lambda.Architecture.ARM_64);
 */
export class OnnxRuntimeLayer extends lambda.LayerVersion {
  /** The one layer of a stack for an architecture. */
  public static forArchitecture(scope: Construct, architecture: lambda.Architecture): OnnxRuntimeLayer {
    const stack = Stack.of(scope);
    const id = `StrataOnnxRuntime-${architecture.name}`;
    const existing = stack.node.tryFindChild(id) as OnnxRuntimeLayer | undefined;
    return existing ?? new OnnxRuntimeLayer(stack, id, { architecture });
  }

  private readonly architecture: lambda.Architecture;

  constructor(scope: Construct, id: string, props: OnnxRuntimeLayerProps = {}) {
    const architecture = props.architecture ?? lambda.Architecture.X86_64;
    const platform = PLATFORMS[architecture.name];
    if (!platform) {
      throw new StrataConstructError(
        'UNSUPPORTED_ARCHITECTURE',
        `onnxruntime is built for ${Object.keys(PLATFORMS).join(' and ')}, not for ${architecture.name}`,
      );
    }
    const version = onnxRuntimeVersion();
    super(scope, id, {
      description: `onnxruntime-node ${version}, ${platform}`,
      code: lambda.Code.fromAsset(builtAsset('layers', `onnxruntime-${platform}.zip`)),
      compatibleArchitectures: [architecture],
      compatibleRuntimes: [lambda.Runtime.NODEJS_24_X],
      license: 'MIT',
    });
    this.architecture = architecture;
  }

  /**
   * Adds the layer to a function.
   * Fails when the function runs on another architecture: the native library would not load there.
   */
  public addTo(handler: lambda.Function): void {
    if (handler.architecture.name !== this.architecture.name) {
      throw new StrataConstructError(
        'ARCHITECTURE_MISMATCH',
        `${handler.node.path} runs on ${handler.architecture.name}, the onnxruntime layer is for ${this.architecture.name}`,
      );
    }
    handler.addLayers(this);
  }
}
