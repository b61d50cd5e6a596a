import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  CreateFunctionCommand,
  type FunctionConfiguration,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListFunctionsCommand,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { lambda } from '../../aws/clients.ts';
import type { ReleaseEvent, Verdict } from '../../lambdas/check-release/check-release.ts';
import expected from '../../lambdas/infer/golden/answer.json' with { type: 'json' };
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';
import type { ReleaseCheckName } from '../../lib/contracts/release.ts';
import { callAs } from '../support/deployment.ts';

const functions = lambda(inject('deployment'));

/** The deployed hook that does a check, as it was deployed. */
async function hookOf(check: ReleaseCheckName): Promise<FunctionConfiguration> {
  const { Functions = [] } = await functions.send(new ListFunctionsCommand({ MaxItems: 50 }));
  const hook = Functions.find(
    ({ Environment }) => Environment?.Variables?.[ENVIRONMENT.releaseCheck] === check,
  );
  if (!hook) throw new Error(`no function does the check "${check}"`);
  return hook;
}

async function run(hook: FunctionConfiguration, event: ReleaseEvent = {}): Promise<Verdict> {
  const { Payload, FunctionError } = await functions.send(
    new InvokeCommand({ FunctionName: hook.FunctionName, Payload: JSON.stringify(event) }),
  );
  const result = Payload?.transformToString() ?? '';
  if (FunctionError) throw new Error(`the hook failed: ${result}`);
  return JSON.parse(result) as Verdict;
}

async function setVariables(
  { FunctionName, Environment }: FunctionConfiguration,
  variables: Record<string, string> = {},
): Promise<void> {
  const Variables = { ...Environment?.Variables, ...variables };
  await functions.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
}

let made = 0;

/** A version of a function that does what `body` says. @returns its ARN */
async function versionThat(body: string): Promise<string> {
  const code = `export const handler = async (event) => { ${body} };`;
  const { FunctionArn, Version } = await functions.send(
    new CreateFunctionCommand({
      FunctionName: `broken-release-${++made}`,
      Runtime: 'nodejs24.x',
      Handler: 'handler.handler',
      Role: 'arn:aws:iam::000000000000:role/broken-release',
      Code: { ZipFile: zipSync({ 'handler.mjs': strToU8(code) }) },
      Publish: true,
    }),
  );
  return FunctionArn?.endsWith(`:${Version}`) ? FunctionArn : `${FunctionArn}:${Version}`;
}

/** What a function that answers the self-check with these outputs would return. */
function selfCheckWith(outputs: unknown, binary = expected.binary): string {
  const document = Buffer.from(JSON.stringify({ outputs }));
  const body = Buffer.concat([document, Buffer.from(binary, 'base64')]).toString('base64');
  const headers = { 'inference-header-content-length': String(document.length) };
  return JSON.stringify({
    readiness: { statusCode: 200, headers: {}, body: '{}', isBase64Encoded: false },
    inference: { statusCode: 200, headers, body, isBase64Encoded: true },
  });
}

const hooks: Partial<Record<ReleaseCheckName, FunctionConfiguration>> = {};

function hook(check: ReleaseCheckName): FunctionConfiguration {
  return hooks[check] as FunctionConfiguration;
}

/** The verdict on another version than the deployed one. */
async function verdictOn(check: ReleaseCheckName, version: string): Promise<Verdict> {
  await setVariables(hook(check), { [ENVIRONMENT.releaseVersion]: version });
  return run(hook(check));
}

beforeAll(async () => {
  hooks.inference = await hookOf('inference');
  hooks.refusal = await hookOf('refusal');
  hooks.registry = await hookOf('registry');
});
afterEach(async () => {
  for (const deployed of Object.values(hooks)) await setVariables(deployed);
});

describe('a release of what is deployed', () => {
  it.each(['inference', 'refusal', 'registry'] as const)('passes the check %s', async (check) => {
    const verdict = await run(hook(check));
    const version = hook(check).Environment?.Variables?.[ENVIRONMENT.releaseVersion];
    expect(verdict).toEqual({ status: 'Succeeded', version });
  });

  it.each(['inference', 'refusal', 'registry'] as const)(
    'checks the version that gets the traffic: %s',
    async (check) => {
      const version = hook(check).Environment?.Variables?.[ENVIRONMENT.releaseVersion] ?? '';
      const [FunctionName] = version.split(/:(?=\d+$)/);
      const live = await functions.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
      expect(version.split(':').at(-1)).toBe(live.FunctionVersion);
    },
  );
});

describe('a release of infer fails', () => {
  it('when a new version does not reach the registry', async () => {
    const version = hook('inference').Environment?.Variables?.[ENVIRONMENT.releaseVersion] ?? '';
    const [FunctionName] = version.split(/:(?=\d+$)/);
    const deployed = await functions.send(new GetFunctionConfigurationCommand({ FunctionName }));
    await setVariables(deployed, { [ENVIRONMENT.registryTable]: 'no-such-table' });
    try {
      const { FunctionArn } = await functions.send(new PublishVersionCommand({ FunctionName }));
      expect(await verdictOn('inference', FunctionArn ?? '')).toEqual({
        status: 'Failed',
        version: FunctionArn,
        reason: 'the function is not ready to serve: status 500 INTERNAL',
      });
    } finally {
      await setVariables(deployed);
    }
  });

  it('when a number is another one', async () => {
    const [score, ...others] = expected.outputs;
    const outputs = [{ ...score, data: [1.5, 5.5, 0.9375, 1e-7] }, ...others];
    const version = await versionThat(`return ${selfCheckWith(outputs)}`);
    expect(await verdictOn('inference', version)).toEqual({
      status: 'Failed',
      version,
      reason: 'the output "score" is not the expected one',
    });
  });

  it('when a byte of a binary output is another one', async () => {
    const version = await versionThat(`return ${selfCheckWith(expected.outputs, 'AAAA')}`);
    expect(await verdictOn('inference', version)).toMatchObject({
      status: 'Failed',
      reason: 'the bytes of the binary outputs are not the expected ones',
    });
  });

  it('when the function throws', async () => {
    const version = await versionThat(`throw new Error('out of order')`);
    expect(await verdictOn('inference', version)).toMatchObject({
      status: 'Failed',
      reason: 'the function failed: out of order',
    });
  });

  it('when there is no such version', async () => {
    const version = hook('inference').Environment?.Variables?.[ENVIRONMENT.releaseVersion] ?? '';
    expect(await verdictOn('inference', version.replace(/\d+$/, '4711'))).toMatchObject({
      status: 'Failed',
      reason: 'the version could not be invoked: ResourceNotFoundException',
    });
  });
});

describe('a release of registry-api fails', () => {
  it('when a new version does not reach the table', async () => {
    const version = hook('registry').Environment?.Variables?.[ENVIRONMENT.releaseVersion] ?? '';
    const [FunctionName] = version.split(/:(?=\d+$)/);
    const deployed = await functions.send(new GetFunctionConfigurationCommand({ FunctionName }));
    await setVariables(deployed, { [ENVIRONMENT.registryTable]: 'no-such-table' });
    try {
      const { FunctionArn } = await functions.send(new PublishVersionCommand({ FunctionName }));
      expect(await verdictOn('registry', FunctionArn ?? '')).toMatchObject({
        status: 'Failed',
        reason: expect.stringMatching(/^models could not be listed: status 50[03]/),
      });
    } finally {
      await setVariables(deployed);
    }
  });

  it('when every model is there', async () => {
    const answer = JSON.stringify({ statusCode: 200, headers: {}, body: '{}', isBase64Encoded: false });
    const version = await versionThat(`return { listing: ${answer}, lookup: ${answer} }`);
    expect(await verdictOn('registry', version)).toMatchObject({
      status: 'Failed',
      reason: 'a model that does not exist was answered with status 200',
    });
  });
});

describe('a release of authorize fails', () => {
  it('when a forged token is accepted', async () => {
    const version = await versionThat(`return { principalId: 'anybody' }`);
    expect(await verdictOn('refusal', version)).toMatchObject({
      status: 'Failed',
      reason: 'the function accepted a forged token',
    });
  });

  it('when it cannot reach the keys of the issuer', async () => {
    const version = hook('refusal').Environment?.Variables?.[ENVIRONMENT.releaseVersion] ?? '';
    const [FunctionName] = version.split(/:(?=\d+$)/);
    const deployed = await functions.send(new GetFunctionConfigurationCommand({ FunctionName }));
    await setVariables(deployed, {
      AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: 'http://127.0.0.1:1',
    });
    try {
      const { FunctionArn } = await functions.send(new PublishVersionCommand({ FunctionName }));
      const verdict = await verdictOn('refusal', FunctionArn ?? '');
      expect(verdict).toMatchObject({ status: 'Failed', version: FunctionArn });
      expect(verdict.reason).toContain('the function could not decide about a token');
    } finally {
      await setVariables(deployed);
    }
  });
});

describe('CodeDeploy', () => {
  interface Told {
    readonly operation: string | undefined;
    readonly body: unknown;
  }
  const told: Told[] = [];
  // In the place of CodeDeploy, which the emulator does not have: it hears what the deployed hook really sends.
  const server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      told.push({ operation: String(request.headers['x-amz-target']), body: JSON.parse(body) });
      response.setHeader('content-type', 'application/x-amz-json-1.1').end('{}');
    });
  });
  let endpoint: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => told.splice(0));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  const event = { DeploymentId: 'd-1', LifecycleEventHookExecutionId: 'hook-execution-1' };

  it('hears that a version may get traffic', async () => {
    await setVariables(hook('inference'), { AWS_ENDPOINT_URL_CODEDEPLOY: endpoint });
    await run(hook('inference'), event);
    expect(told).toEqual([
      {
        operation: 'CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus',
        body: {
          deploymentId: 'd-1',
          lifecycleEventHookExecutionId: 'hook-execution-1',
          status: 'Succeeded',
        },
      },
    ]);
  });

  it('hears that a version may not', async () => {
    const version = await versionThat(`throw new Error('out of order')`);
    await setVariables(hook('refusal'), {
      AWS_ENDPOINT_URL_CODEDEPLOY: endpoint,
      [ENVIRONMENT.releaseVersion]: version,
    });
    expect(await run(hook('refusal'), event)).toMatchObject({ status: 'Failed' });
    expect(told).toMatchObject([{ body: { deploymentId: 'd-1', status: 'Failed' } }]);
  });

  it('is not asked without a deployment', async () => {
    await setVariables(hook('inference'), { AWS_ENDPOINT_URL_CODEDEPLOY: endpoint });
    await run(hook('inference'));
    expect(told).toEqual([]);
  });
});

describe('a caller of the API', () => {
  it('cannot ask for the self-check', async () => {
    const body = JSON.stringify({ strata: 'self-check' });
    const answer = await callAs(['infer'], 'POST', '/v2/models/golden/infer', { body });
    expect(answer.status).toBe(404);
    expect(answer.json()).toMatchObject({ error_code: 'MODEL_NOT_FOUND' });
  });
});
