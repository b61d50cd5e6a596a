import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import flags from '../../cdk.json' with { type: 'json' };
import './own-temporary-folder.ts';

export const TEST_ENV = { account: '123456789012', region: 'eu-west-1' };

/** An app with the project's feature flags. This file is the only place of the tests that makes one. */
export function testApp(context: Record<string, unknown> = {}, outdir?: string): App {
  return new App({ context: { ...flags.context, ...context }, analyticsReporting: false, outdir });
}

/** An app that knows no feature flag, as one that is years old. */
export function flaglessApp(): App {
  return new App({ analyticsReporting: false });
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
