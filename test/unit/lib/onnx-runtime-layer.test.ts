import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OnnxRuntimeLayer } from '../../../lib';
import onnxruntime from '../../../node_modules/onnxruntime-node/package.json' with { type: 'json' };

const built = vi.hoisted(() => ({ versions: undefined as string | undefined }));

vi.mock(import('../../../lib/private/assets'), async (original) => {
  const actual = await original();
  return {
    ...actual,
    builtAsset: (...path: string[]) =>
      built.versions !== undefined && path.at(-1) === 'onnxruntime.json'
        ? built.versions
        : actual.builtAsset(...path),
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strata-layer-'));
});
afterEach(() => {
  built.versions = undefined;
  rmSync(folder, { recursive: true });
});

function builtFrom(version: string): void {
  built.versions = join(folder, 'onnxruntime.json');
  writeFileSync(built.versions, JSON.stringify({ 'onnxruntime-node': version }));
}

function layerOf(architecture: lambda.Architecture): Template {
  const stack = new Stack(new App(), 'Stack');
  new OnnxRuntimeLayer(stack, 'Layer', { architecture });
  return Template.fromStack(stack);
}

const ARCHITECTURES = [lambda.Architecture.X86_64, lambda.Architecture.ARM_64];

describe.each(ARCHITECTURES)('the layer for $name', (architecture) => {
  it('says which version of onnxruntime it holds: the installed one, for both architectures', () => {
    layerOf(architecture).hasResourceProperties('AWS::Lambda::LayerVersion', {
      CompatibleArchitectures: [architecture.name],
      Description: Match.stringLikeRegexp(`^onnxruntime-node ${onnxruntime.version}, linux-`),
    });
  });

  it.each(['1.23.2', '1.23.10', '1.24.0', '2.0.0', '1.30.0-dev.20261101'])('takes %s', (version) => {
    builtFrom(version);
    expect(() => layerOf(architecture)).not.toThrow();
  });

  it.each(['1.23.1', '1.22.3', '1.9.9', '0.30.0', '1.22.0-rev'])('refuses %s at synthesis', (version) => {
    builtFrom(version);
    expect(() => layerOf(architecture)).toThrow(
      expect.objectContaining({
        code: 'ONNXRUNTIME_TOO_OLD',
        message: expect.stringMatching(`onnxruntime-node ${version}, .*install 1.23.2 or later`),
      }),
    );
  });
});
