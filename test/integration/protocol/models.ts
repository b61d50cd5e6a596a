import { ArtifactsBucket } from '../../../aws/artifacts-bucket.ts';
import { s3 } from '../../../aws/clients.ts';
import { registrations } from '../../../aws/registrations.ts';
import { MODELS, modelPath } from '../../../conformance/models.ts';
import { registerModel } from '../../../core/registry/register-model.ts';
import type { Deployment } from '../../../lib/contracts/deployment.ts';

/** Registers models one after the other, so that the versions of a name get their numbers in order. */
export async function registerModels(
  deployment: Deployment,
  models: readonly { readonly model: string; readonly path: string; readonly alias?: string }[],
): Promise<void> {
  const registry = registrations(deployment, deployment);
  const artifacts = new ArtifactsBucket(s3(deployment), deployment.artifactsBucket);
  for (const model of models) await registerModel(model, { registry, artifacts });
}

/** Registers what the conformance suite needs; the first version of each model is its champion. */
export const registerCheckedModels = (deployment: Deployment) =>
  registerModels(
    deployment,
    [...MODELS].flatMap(([model, files]) =>
      files.map((file, index) => ({
        model,
        path: modelPath(file),
        ...(index === 0 && { alias: 'champion' }),
      })),
    ),
  );
