import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTEXT_ENV, OUTDIR_ENV } from 'aws-cdk-lib/cx-api';
import { execa } from 'execa';

export interface SynthesisedApp {
  /** Root of the checkout. Functions and layers must have been built. */
  readonly root: string;
  /** Where the cloud assembly goes. */
  readonly folder: string;
  /** Account and region that the stacks are bound to; absent: they deploy anywhere. */
  readonly environment?: { readonly account: string; readonly region: string };
  /** Context beside the feature flags of cdk.json. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** Synthesises the app in `bin/` to a cloud assembly. */
export async function synthesiseApp({ root, folder, environment, context }: SynthesisedApp): Promise<void> {
  const flags = JSON.parse(await readFile(join(root, 'cdk.json'), 'utf8')) as { context: object };
  await execa('tsx', ['bin/app.ts'], {
    cwd: root,
    preferLocal: true,
    localDir: root,
    env: {
      [OUTDIR_ENV]: folder,
      [CONTEXT_ENV]: JSON.stringify({ ...flags.context, ...context }),
      // Undefined takes away what the shell has.
      CDK_DEFAULT_ACCOUNT: environment?.account,
      CDK_DEFAULT_REGION: environment?.region,
      // The policy tests validate the same templates, and take their time for it.
      CDK_VALIDATION: 'false',
    },
  });
}
