import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { StrataError } from '../core/errors.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';

/** Where the local runner says what it runs, below the project's folder. */
const FILE = join('.strata', 'local.json');

const schema: z.ZodType<Deployment> = z.object({
  endpoint: z.url(),
  region: z.string().min(1),
  registryTable: z.string().min(1),
  artifactsBucket: z.string().min(1),
  userPoolId: z.string().min(1),
  machineClientId: z.string().min(1),
  tokenEndpoint: z.url(),
  memoryMegabytes: z.number().positive().optional(),
  diskMegabytes: z.number().positive().optional(),
  eventBus: z.string().min(1).optional(),
  trustedKeys: z.string().min(1).optional(),
  awsEndpoint: z.url().optional(),
});

/**
 * The local deployment of the project that holds `directory`: its own file, or that of the nearest folder above.
 * @returns undefined when none is running
 * @throws StrataError `LOCAL_DEPLOYMENT_INVALID` when the file does not describe a deployment
 */
export async function readLocalDeployment(directory: string): Promise<Deployment | undefined> {
  const path = join(directory, FILE);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      return undefined;
    }
    throw invalid(path, error.message, error);
  });
  if (text !== undefined) {
    return parse(path, text);
  }
  const parent = dirname(directory);
  return parent === directory ? undefined : readLocalDeployment(parent);
}

/** Announces a deployment that is ready; readers see the whole file or none. */
export async function writeLocalDeployment(directory: string, deployment: Deployment): Promise<void> {
  const path = join(directory, FILE);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(deployment, null, 2)}\n`);
  await rename(draft, path);
}

/** Takes the announcement back; fine when there is none. */
export async function removeLocalDeployment(directory: string): Promise<void> {
  await rm(join(directory, FILE), { force: true });
}

function parse(path: string, text: string): Deployment {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const reason =
      error instanceof z.ZodError
        ? error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
        : (error as Error).message;
    throw invalid(path, reason, error);
  }
}

function invalid(path: string, reason: string, cause: unknown): StrataError {
  return new StrataError(
    'LOCAL_DEPLOYMENT_INVALID',
    `${path} does not describe a deployment (${reason}); delete it and run \`npm start\` again.`,
    { cause },
  );
}
