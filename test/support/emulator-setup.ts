import type { TestProject } from 'vitest/node';
import type { Deployment } from '../../lib/contracts/deployment';
import { EmulatorUnavailableError } from '../../local/failure.ts';
import { startLocal } from '../../local/start-local.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the integration tests run against: one deployment for all of them. */
    deployment: Deployment;
  }
}

const NOTHING = /(?!)/;

/**
 * Deploys the app to the emulator once, for all integration tests. Where the emulator cannot run they are skipped and
 * one line says why; a deployment that fails fails the run.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  try {
    const platform = await startLocal({ name: 'test', showSteps: false });
    project.provide('deployment', platform.deployment);
    return () => platform.stop();
  } catch (error) {
    if (!(error instanceof EmulatorUnavailableError)) throw error;
    process.stdout.write(`integration: left out. ${error.message} ${error.details.hint}\n`);
    project.config.testNamePattern = NOTHING;
    return undefined;
  }
}
