import { join } from 'node:path';
import { measureModel } from '../engine/measure-model.ts';
import type { EndpointSize } from '../engine/model-fit.ts';
import type { ModelFolder } from '../engine/model-folder.ts';
import { withModel } from '../engine/open-model.ts';
import { optimiseModel } from '../engine/optimise-model.ts';
import { runSamples } from '../engine/run-samples.ts';
import { withWorkplace } from '../engine/workplace.ts';
import { NotFoundError, StrataError } from '../errors.ts';
import { parseOnnx } from '../onnx/onnx-file.ts';
import type { ArtifactStore } from '../registry/artifact-store.ts';
import type { ManifestDraft } from '../registry/manifest.ts';
import { readModelFile } from '../registry/model-file.ts';
import type { ModelVersionStatus } from '../registry/model-version.ts';
import { type ReadArtifact, readArtifact } from '../registry/read-artifact.ts';
import type { RecordsReader } from '../registry/records-reader.ts';
import { assertDescriptionFits } from '../registry/registry-items.ts';
import type { VersionRecord } from '../registry/registry-records.ts';
import type { RegistryWriter, VersionTarget } from '../registry/registry-writer.ts';
import { type ManifestSigner, signManifest } from '../registry/signed-manifest.ts';
import { fetchModel } from './fetch-model.ts';
import { checkGolden, type GoldenSamples } from './golden-samples.ts';
import type { VersionFiles } from './version-files.ts';

/** Fresh processes that the served form is measured in, of which the medians are taken. */
const REPETITIONS = 3;

export interface AdmissionPorts {
  readonly registry: Pick<RecordsReader, 'version'> & Pick<RegistryWriter, 'admitVersion' | 'failVersion'>;
  readonly files: VersionFiles;
  readonly artifacts: Pick<ArtifactStore, 'put'>;
  readonly signer: ManifestSigner;
  /** What will open the model. @default - any size is admitted */
  readonly endpoint?: EndpointSize;
  /** For example `onnxruntime-node 1.30.0`. */
  readonly runtime: string;
  readonly now: () => Date;
}

/** How a version came out. */
export interface AdmissionOutcome {
  readonly status: ModelVersionStatus | 'GONE';
  /** Why it was refused. */
  readonly message?: string;
  readonly code?: string;
}

/**
 * Finds out whether a version may serve: READY with a signed manifest, or FAILED with what its author has to do. Starting
 * over is harmless, at any point: files are stored under their digests, and the version changes once, at the end.
 *
 * @throws UnavailableError when something it needs does not answer: the version is still PENDING then
 */
export async function admitVersion(target: VersionTarget, ports: AdmissionPorts): Promise<AdmissionOutcome> {
  const record = await ports.registry.version(target.model, target.version).catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
  if (record === undefined) return { status: 'GONE' };
  if (record.status !== 'PENDING_REGISTRATION') return { status: record.status };
  try {
    await withWorkplace('strata-admit-', (workplace) => admit(record, target, workplace, ports));
    return { status: 'READY' };
  } catch (error) {
    // Faults of ours say nothing about the version.
    if (!(error instanceof StrataError) || error.statusCode >= 500) throw error;
    // The version itself may have changed meanwhile; what it became is not ours to change.
    if (error.code === 'VERSION_NOT_PENDING' || error.code === 'VERSION_NOT_FOUND') return { status: 'GONE' };
    const { code, message } = error;
    await ports.registry.failVersion(target, message);
    return { status: 'FAILED_REGISTRATION', code, message };
  }
}

async function admit(
  record: VersionRecord,
  target: VersionTarget,
  workplace: string,
  { registry, files, artifacts, signer, endpoint = {}, runtime, now }: AdmissionPorts,
): Promise<void> {
  const { path, golden } = await fetchModel(record.storage, join(workplace, 'model'), { files, endpoint });
  const read = await readArtifact(path);
  const { artifact, description } = read;
  assertDescriptionFits(description);
  const checked = golden && (await withModel(path, {}, (model) => checkGolden(model, golden, description)));
  const optimised = await optimise(read, golden, { path, directory: join(workplace, 'optimised') });
  const servedPath = optimised ? join(optimised.directory, 'model.onnx') : path;
  const measured = await measure(path, servedPath, golden);
  for (const file of read.files) await artifacts.put(file.artifact, file.path);
  if (optimised) await store(optimised, artifacts);
  const manifest: ManifestDraft = {
    modelId: record.modelId,
    version: record.version,
    artifact,
    description,
    runtime,
    ...(measured && { measured }),
    ...(checked && { golden: checked }),
    ...(optimised && { optimised: { ...artifactOf(optimised), runtime } }),
    lineage: {
      source: record.source,
      author: record.author,
      runId: record.runId,
      loggedModelId: record.loggedModelId,
    },
    admittedAt: now().toISOString(),
  };
  await registry.admitVersion(target, {
    artifact,
    description,
    manifest: await signManifest(manifest, signer),
  });
}

/** @returns undefined when nothing could be gained */
async function optimise(
  { artifact }: ReadArtifact,
  golden: GoldenSamples | undefined,
  { path, directory }: { readonly path: string; readonly directory: string },
): Promise<ModelFolder | undefined> {
  const inputs = golden?.samples.map((sample) => sample.inputs);
  const report = await optimiseModel({ path, directory, repetitions: 0, ...(inputs && { inputs }) });
  return report.steps.some(({ applied }) => applied) && report.digest !== artifact.digest
    ? report
    : undefined;
}

async function measure(original: string, served: string, golden: GoldenSamples | undefined) {
  const inputs = golden?.samples[0]?.inputs ?? (await inventedInputs(original));
  if (inputs === undefined) return undefined;
  const { openMs, p50Ms, peakBytes } = await measureModel(served, { inputs, repetitions: REPETITIONS });
  const shapes = Object.fromEntries([...inputs].map(([name, { shape }]) => [name, shape]));
  return { openMs, p50Ms, peakBytes, shapes };
}

async function inventedInputs(path: string) {
  const model = parseOnnx((await readModelFile(path)).bytes);
  return (await withModel(path, { threads: 1 }, (open) => runSamples(open, model)))[0]?.inputs;
}

function artifactOf({ digest, size, files }: ModelFolder) {
  return { digest, size, ...(files.length > 1 && { files }) };
}

async function store(
  { directory, files }: ModelFolder,
  artifacts: AdmissionPorts['artifacts'],
): Promise<void> {
  for (const { name, ...artifact } of files) await artifacts.put(artifact, join(directory, name));
}
