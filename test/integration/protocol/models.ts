import { fileURLToPath } from 'node:url';
import { ArtifactsBucket } from '../../../aws/artifacts-bucket.ts';
import { dynamoDb, s3 } from '../../../aws/clients.ts';
import { RegistryTable } from '../../../aws/registry-table.ts';
import { registerModel } from '../../../core/registry/register-model.ts';
import { DATATYPES } from '../../../core/tensor/tensor.ts';
import type { Deployment } from '../../../lib/contracts/deployment.ts';

/** One version of a model that the checks call. Several entries of one name are its versions, in this order. */
export interface CheckedModel {
  readonly model: string;
  /** File in test/support/models, without its ending. */
  readonly file: string;
  readonly alias?: string;
}

const champion = (file: string): CheckedModel => ({ model: file, file, alias: 'champion' });

/** What a server must have for the checks to run against it. */
export const CHECKED_MODELS: readonly CheckedModel[] = [
  ...DATATYPES.map((datatype) => champion(`identity_${datatype.toLowerCase()}`)),
  ...['add_sub', 'fixed', 'vector_bytes', 'constant', 'optional_input', 'ir3'].map(champion),
  { model: 'two_versions', file: 'identity_fp32', alias: 'champion' },
  { model: 'two_versions', file: 'fixed', alias: 'candidate' },
  { model: 'no_champion', file: 'fixed' },
];

/** Registers models one after the other, so that the versions of a name get their numbers in order. */
export async function registerModels(
  deployment: Deployment,
  models: readonly { readonly model: string; readonly path: string; readonly alias?: string }[],
): Promise<void> {
  const registry = new RegistryTable(dynamoDb(deployment), deployment.registryTable);
  const artifacts = new ArtifactsBucket(s3(deployment), deployment.artifactsBucket);
  for (const model of models) await registerModel(model, { registry, artifacts });
}

export const registerCheckedModels = (deployment: Deployment) =>
  registerModels(
    deployment,
    CHECKED_MODELS.map(({ file, ...model }) => ({
      ...model,
      path: fileURLToPath(new URL(`../../support/models/${file}.onnx`, import.meta.url)),
    })),
  );
