import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidateTemplateCommand } from '@aws-sdk/client-cloudformation';
import { type AwsTarget, cloudFormation } from '../aws/clients.ts';
import { copyAssembly, deriveLocalAssembly, type LeftOut, resourceTypes } from '../aws/local-assembly.ts';
import { StrataError } from '../core/errors.ts';

/** What the app asks of the account before it can be deployed. */
export interface BootstrapNeed {
  readonly version: number;
  /** Name of the SSM parameter that holds the version that is there. */
  readonly parameter: string;
}

/**
 * The app as it was synthesised when the package was built.
 * @throws StrataError `APP_NOT_BUILT`
 */
export function packagedApp(): string {
  // Beside the published command line, or in the checkout that this file is part of.
  const places = [join(import.meta.dirname, '..', 'app'), join(import.meta.dirname, '..', 'assets', 'app')];
  const found = places.find((place) => existsSync(join(place, 'manifest.json')));
  if (found === undefined) {
    throw new StrataError('APP_NOT_BUILT', 'The app is not built. In a checkout, run `npm run build` first.');
  }
  return found;
}

export async function bootstrapNeed(): Promise<BootstrapNeed> {
  const { artifacts } = JSON.parse(await readFile(join(packagedApp(), 'manifest.json'), 'utf8')) as {
    artifacts: Record<
      string,
      { properties?: { requiresBootstrapStackVersion?: number; bootstrapStackVersionSsmParameter?: string } }
    >;
  };
  const properties = Object.values(artifacts).flatMap((artifact) => artifact.properties ?? []);
  const versions = properties.map((each) => each.requiresBootstrapStackVersion ?? 0);
  const parameter = properties.find((each) => each.bootstrapStackVersionSsmParameter !== undefined);
  return {
    version: Math.max(0, ...versions),
    parameter: parameter?.bootstrapStackVersionSsmParameter ?? '/cdk-bootstrap/hnb659fds/version',
  };
}

/**
 * Puts a copy of the app into a folder of its own, since the CDK writes into what it deploys. For an emulator, what it
 * does not know is replaced.
 */
export async function prepareApp(
  target: AwsTarget,
  folder: string,
): Promise<{ app: string; leftOut: LeftOut[] }> {
  const app = join(folder, 'app');
  if (target.awsEndpoint === undefined) {
    await copyAssembly(packagedApp(), app);
    return { app, leftOut: [] };
  }
  const types = await resourceTypes(packagedApp());
  const unknown = await unknownTypes(target, types);
  return { app, leftOut: await deriveLocalAssembly(packagedApp(), app, types.difference(unknown)) };
}

/** Asks CloudFormation, which names in one answer all resource types that it does not recognise. */
async function unknownTypes(target: AwsTarget, types: ReadonlySet<string>): Promise<Set<string>> {
  const Resources = Object.fromEntries([...types].map((Type, index) => [`R${index}`, { Type }]));
  try {
    await cloudFormation(target).send(
      new ValidateTemplateCommand({ TemplateBody: JSON.stringify({ Resources }) }),
    );
    return new Set();
  } catch (error) {
    const [, names] = /Unrecognized resource types: \[([^\]]*)\]/.exec((error as Error).message) ?? [];
    return new Set(names?.split(', '));
  }
}
