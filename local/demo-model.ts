import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { accessToken } from '../aws/access-token.ts';
import { ArtifactsBucket } from '../aws/artifacts-bucket.ts';
import { cognito, s3 } from '../aws/clients.ts';
import { registrations } from '../aws/registrations.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import { registerModel } from '../core/registry/register-model.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { LocalRunError } from './failure.ts';
import { PROJECT } from './project.ts';

/** The model that every local run starts with. */
export const DEMO_MODEL = 'penguins';

const EXAMPLE = join(PROJECT, 'examples', DEMO_MODEL);

export const DEMO_FILE = join(EXAMPLE, 'model.onnx');

/** A small request as a client sends it. */
export const DEMO_REQUEST = join(EXAMPLE, 'request.json');

const samplesSchema = z.object({
  inputs: z.array(z.unknown()).min(1),
  expected: z.object({ label: z.array(z.string()).min(1) }),
});

const answerSchema = z.object({
  model_version: z.string(),
  outputs: z.array(z.object({ name: z.string(), data: z.array(z.unknown()) })),
});

/** What the demo model said about its golden samples. */
export interface FirstAnswer {
  readonly version: string;
  readonly rows: number;
  readonly milliseconds: number;
}

export async function registerDemoModel(deployment: Deployment): Promise<ModelVersion> {
  return registerModel(
    { path: DEMO_FILE, model: DEMO_MODEL, alias: 'champion', actor: 'local runner' },
    {
      registry: registrations(deployment, deployment),
      artifacts: new ArtifactsBucket(s3(deployment), deployment.artifactsBucket),
    },
  );
}

/**
 * Sends the golden samples through the API, as a client would: with a token that allows inference and nothing else.
 * @throws LocalRunError `FIRST_INFERENCE_FAILED` when the answer is not the labels that scikit-learn gave
 */
export async function askDemoModel(deployment: Deployment): Promise<FirstAnswer> {
  const { token } = await accessToken(cognito(deployment), deployment, ['infer']);
  return askForLabels(deployment.endpoint, { authorization: `Bearer ${token}` });
}

/** The same where nobody has to say who they are. */
export async function askForLabels(
  endpoint: string,
  headers: Record<string, string> = {},
): Promise<FirstAnswer> {
  const samples = samplesSchema.parse(JSON.parse(await readFile(join(EXAMPLE, 'golden.json'), 'utf8')));
  const started = performance.now();
  const response = await fetch(`${endpoint}/v2/models/${DEMO_MODEL}/infer`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: samples.inputs }),
    signal: AbortSignal.timeout(60_000),
  });
  const milliseconds = performance.now() - started;
  const text = await response.text();
  const answer = response.ok ? answerSchema.safeParse(JSON.parse(text)) : undefined;
  const labels = answer?.data?.outputs.find(({ name }) => name === 'label')?.data;
  if (answer?.data === undefined || JSON.stringify(labels) !== JSON.stringify(samples.expected.label)) {
    throw new LocalRunError(
      'FIRST_INFERENCE_FAILED',
      `The first inference was answered ${response.status}.`,
      {
        hint: 'The log of the emulator, .cache/logs/emulator.log, says what the function did.',
        logTail: text.slice(0, 1_000).split('\n'),
      },
    );
  }
  return { version: answer.data.model_version, rows: samples.expected.label.length, milliseconds };
}
