import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type AppProps, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll } from 'vitest';
import flags from '../../cdk.json' with { type: 'json' };

export const TEST_ENV = { account: '123456789012', region: 'eu-west-1' };

/** Assemblies of one test file: the CDK would leave each in the system's temporary folder, with a copy of every asset. */
const ASSEMBLIES = mkdtempSync(join(tmpdir(), 'strata-assemblies-'));
afterAll(() => rmSync(ASSEMBLIES, { recursive: true, force: true }));

function app(props: AppProps): App {
  return new App({
    analyticsReporting: false,
    ...props,
    outdir: props.outdir ?? mkdtempSync(join(ASSEMBLIES, 'cdk-')),
  });
}

/** An app with the project's feature flags. This file is the only place of the tests that makes one. */
export function testApp(context: Record<string, unknown> = {}, outdir?: string): App {
  return app({ context: { ...flags.context, ...context }, outdir });
}

/** An app that knows no feature flag, as one that is years old. */
export function flaglessApp(): App {
  return app({});
}

/** A stack in a fixed environment. */
export function testStack(app: App = testApp(), id = 'Test', props: StackProps = {}): Stack {
  return new Stack(app, id, { env: TEST_ENV, ...props });
}

/** The template of a stack into which `build` put something. */
export function synth(build: (stack: Stack) => void, props: StackProps = {}): Template {
  const stack = testStack(testApp(), 'Test', props);
  build(stack);
  return Template.fromStack(stack);
}
