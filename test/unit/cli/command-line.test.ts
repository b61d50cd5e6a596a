import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeLocalDeployment } from '../../../aws/local-deployment.ts';
import { runCommandLine } from '../../../cli/command-line.ts';

const METADATA = {
  name: 'credit',
  platform: 'onnx_onnxv1',
  inputs: [{ name: 'age', datatype: 'INT64', shape: [-1] }],
  outputs: [{ name: 'risk', datatype: 'FP32', shape: [-1] }],
};
const PREDICTION = {
  model_name: 'credit',
  model_version: '3',
  outputs: [{ name: 'risk', datatype: 'FP32', shape: [1], data: [0.25] }],
};
const API = ['--endpoint', 'https://api.example/prod/', '--token', 'jwt'];

/** The API and whatever else is reached by fetch. */
const web = vi.fn<typeof fetch>();
const cloudFormation = mockClient(CloudFormationClient);
const cognito = mockClient(CognitoIdentityProviderClient);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'command-line-'));
  cloudFormation.reset();
  cognito.reset();
  web.mockReset();
  web.mockImplementation(async (url) =>
    urlOf(url).endsWith('/infer') ? Response.json(PREDICTION) : Response.json(METADATA),
  );
  vi.stubGlobal('fetch', web);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await rm(directory, { recursive: true });
});

async function strata(args: readonly string[], { environment = {}, stdin = '' } = {}) {
  const written = { out: '', err: '' };
  const into = (stream: 'out' | 'err') =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[stream] += chunk.toString();
        done();
      },
    });
  const code = await runCommandLine(args, {
    stdin: Readable.from([stdin]),
    stdout: into('out'),
    stderr: into('err'),
    environment,
    directory,
  });
  return { code, ...written };
}

/** Every request here is made with an address in text. */
const urlOf = (url: unknown): string => url as string;

const requests = () =>
  web.mock.calls.map(([url, request]) => ({
    url: urlOf(url),
    body: request?.body,
    headers: request?.headers,
  }));

describe('strata infer', () => {
  it('turns rows into tensors by the metadata of the model, and prints a table', async () => {
    const { code, out, err } = await strata([
      'infer',
      'credit',
      '--input',
      '{"age": 9007199254740993}',
      ...API,
    ]);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: 'credit version 3\n\nrow  risk\n  1  0.25\n',
      err: '',
    });
    expect(requests()).toEqual([
      { url: 'https://api.example/prod/v2/models/credit', body: undefined, headers: expect.any(Object) },
      {
        url: 'https://api.example/prod/v2/models/credit/infer',
        body: '{"inputs":[{"name":"age","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}',
        headers: expect.objectContaining({
          authorization: 'Bearer jwt',
          'content-type': 'application/json',
        }),
      },
    ]);
  });

  it('sends a request as it was written, without asking for metadata', async () => {
    const request =
      '{"inputs": [{"name": "age", "datatype": "INT64", "shape": [1], "data": [1.0]}], "id": "7"}';
    await strata(['infer', 'credit', '--input', request, ...API]);
    expect(requests().map(({ body }) => body)).toEqual([request]);
  });

  it('takes rows of a model that has an input called inputs', async () => {
    web.mockResolvedValueOnce(
      Response.json({ ...METADATA, inputs: [{ name: 'inputs', datatype: 'FP32', shape: [-1, 2] }] }),
    );
    await strata(['infer', 'credit', '--input', '{"inputs": [1, 2]}', ...API]);
    expect(requests().at(-1)?.body).toBe(
      '{"inputs":[{"name":"inputs","datatype":"FP32","shape":[1,2],"data":[1,2]}]}',
    );
  });

  it('prints the answer as it came with --json', async () => {
    const { out } = await strata(['infer', 'credit', '--input', '{"age": 1}', '--json', ...API]);
    expect(out).toBe(`${JSON.stringify(PREDICTION)}\n`);
  });

  it('escapes the model and the version in the path', async () => {
    await strata(['infer', 'a b?', '--version', 'x/y', '--input', '{"inputs": []}', ...API]);
    expect(requests()[0]?.url).toBe('https://api.example/prod/v2/models/a%20b%3F/versions/x%2Fy/infer');
  });

  it('reads a file, or standard input', async () => {
    await writeFile(join(directory, 'rows.json'), '[{"age": 1}, {"age": 2}]');
    await strata(['infer', 'credit', '--input', 'rows.json', ...API]);
    await strata(['infer', 'credit', '--input', '-', ...API], { stdin: '[{"age": 1}, {"age": 2}]' });
    const bodies = requests()
      .map(({ body }) => body as string | undefined)
      .filter((body) => body !== undefined);
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).toContain('"data":[1,2]');
    expect(bodies[1]).toBe(bodies[0]);
  });

  it.each([
    { input: 'no-such-file.json', code: 'INPUT_NOT_FOUND' },
    { input: '{"age":', code: 'INVALID_JSON' },
    { input: '{"weight": 1}', code: 'INVALID_ROWS' },
    { input: '7', code: 'INPUT_NOT_FOUND' },
    { input: '.', code: 'INPUT_NOT_READABLE' },
    { input: '{"age": 1, "age": 2}', code: 'DUPLICATE_KEY' },
  ])('refuses the input $input: $code', async ({ input, code }) => {
    const result = await strata(['infer', 'credit', '--input', input, ...API]);
    expect(result).toMatchObject({ code: 1, out: '' });
    expect(result.err).toContain(`[${code}]`);
  });
});

describe('the input of strata infer', () => {
  it('has NaN and infinities as Python writes them', async () => {
    web.mockResolvedValueOnce(
      Response.json({ ...METADATA, inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }] }),
    );
    const { code, err } = await strata(['infer', 'credit', '--input', '{"x": [NaN, -Infinity]}', ...API]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(requests().at(-1)?.body).toContain('"data":[null,"-Infinity"]');
  });

  it('is named when it is not JSON', async () => {
    await writeFile(join(directory, 'rows.json'), '[{"age": 1},]');
    const fromFile = await strata(['infer', 'credit', '--input', 'rows.json', ...API]);
    expect(fromFile.err).toMatch(/^error: The file rows\.json is not JSON: .+ \[INVALID_JSON]\n$/);
    const piped = await strata(['infer', 'credit', '--input', '-', ...API], { stdin: '{' });
    expect(piped.err).toContain('Standard input is not JSON');
  });
});

describe('what the API refuses', () => {
  const refused = { error: 'There is\nno model "credit".', error_code: 'MODEL_NOT_FOUND', message: 'x' };
  const infer = ['infer', 'credit', '--input', '{"inputs": []}', ...API];

  it('is one line and a hint on stderr', async () => {
    web.mockResolvedValue(Response.json(refused, { status: 404 }));
    expect(await strata(infer)).toEqual({
      code: 1,
      out: '',
      err: 'error: There is no model "credit". [MODEL_NOT_FOUND]\nhint: `strata models` lists what is registered\n',
    });
  });

  it('is one object on stderr with --json', async () => {
    web.mockResolvedValue(Response.json(refused, { status: 404 }));
    const { code, out, err } = await strata([...infer, '--json']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(JSON.parse(err)).toMatchObject({ error: refused.error, error_code: 'MODEL_NOT_FOUND' });
  });

  it.each([
    {
      what: 'a gateway',
      answer: () => Response.json({ message: 'Forbidden' }, { status: 403 }),
      text: 'Forbidden [HTTP_403]',
    },
    { what: 'something that is no API', answer: () => new Response('<html>', { status: 502 }), text: '502' },
    { what: 'JSON that is no object', answer: () => new Response('null', { status: 500 }), text: 'HTTP_500' },
  ])('is understood when $what answers', async ({ answer, text }) => {
    web.mockImplementation(async () => answer());
    const { code, err } = await strata(infer);
    expect(code).toBe(1);
    expect(err).toContain(text);
  });

  it('is told from an API that cannot be reached', async () => {
    web.mockRejectedValue(new TypeError('fetch failed'));
    expect((await strata(infer)).err).toContain('[ENDPOINT_UNREACHABLE]');
  });

  it('shows a stack only when STRATA_DEBUG=1 asks for it', async () => {
    web.mockRejectedValue(new TypeError('fetch failed'));
    expect((await strata(infer)).err).not.toContain('    at ');
    expect((await strata(infer, { environment: { STRATA_DEBUG: '1' } })).err).toContain('    at ');
  });
});

describe('a call that no command understands', () => {
  it.each([
    [],
    ['unknown'],
    ['infer', 'credit'],
    ['infer', '--input', '{}'],
    ['models', '--unknown'],
    ['token', '--scopes', 'everything'],
    ['models', '--stack', 's', '--endpoint', 'https://api.example'],
    ['alias', 'credit', 'champion'],
  ])('(%j %j %j) exits with 2 and explains itself on stderr', async (...args) => {
    const { code, out, err } = await strata(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
  });

  it('is one object with --json', async () => {
    const { code, err } = await strata(['infer', 'credit', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(err)).toEqual({ error: expect.stringContaining('--input'), error_code: 'USAGE' });
  });

  it('is not one that asks for help or the version', async () => {
    expect(await strata(['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('register'),
      err: '',
    });
    expect(await strata(['infer', '--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('--input'),
    });
    expect(await strata(['--version'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('the deployment', () => {
  const deployment = {
    endpoint: 'http://local.example/prod',
    region: 'us-east-1',
    registryTable: 'registry',
    artifactsBucket: 'artifacts',
    userPoolId: 'pool',
    machineClientId: 'machine',
    tokenEndpoint: 'http://local.example/oauth2/token',
    awsEndpoint: 'http://local.example',
  };
  const infer = ['infer', 'credit', '--input', '{"inputs": []}'];
  const asked = () => requests().find(({ url }) => url.endsWith('/infer'))?.url;

  beforeEach(() => {
    cognito.on(DescribeUserPoolClientCommand).resolves({ UserPoolClient: { ClientSecret: 'hidden' } });
    cloudFormation.on(DescribeStacksCommand).resolves({
      Stacks: [
        {
          StackName: 's',
          StackStatus: 'CREATE_COMPLETE',
          CreationTime: new Date(),
          Outputs: Object.entries({
            Endpoint: 'https://stack.example/prod/',
            RegistryTable: 'registry',
            ArtifactsBucket: 'artifacts',
            UserPoolId: 'pool',
            MachineClientId: 'machine',
            TokenEndpoint: 'https://stack.example/oauth2/token',
          }).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
        },
      ],
    });
    web.mockImplementation(async (url) =>
      Response.json(
        urlOf(url).endsWith('/oauth2/token') ? { access_token: 'granted', expires_in: 3600 } : PREDICTION,
      ),
    );
  });

  it('is the local one of the project when nothing else is named', async () => {
    await writeLocalDeployment(directory, deployment);
    expect(await strata(infer)).toMatchObject({ code: 0 });
    expect(asked()).toBe('http://local.example/prod/v2/models/credit/infer');
    expect(requests().at(-1)?.headers).toMatchObject({ authorization: 'Bearer granted' });
  });

  it('has an address, which is printed alone', async () => {
    await writeLocalDeployment(directory, deployment);
    expect(await strata(['endpoint'])).toEqual({ code: 0, out: `${deployment.endpoint}\n`, err: '' });
    const { out } = await strata(['endpoint', '--stack', 's', '--region', 'eu-west-1', '--json']);
    expect(JSON.parse(out)).toEqual({ endpoint: 'https://stack.example/prod' });
  });

  it('is that of STRATA_ENDPOINT rather than the local one', async () => {
    await writeLocalDeployment(directory, deployment);
    const environment = { STRATA_ENDPOINT: 'https://env.example', STRATA_TOKEN: 'from-env' };
    await strata(infer, { environment });
    expect(asked()).toContain('https://env.example/');
    expect(requests().at(-1)?.headers).toMatchObject({ authorization: 'Bearer from-env' });
  });

  it('is the stack that is named rather than STRATA_ENDPOINT', async () => {
    const environment = { STRATA_ENDPOINT: 'https://env.example', STRATA_TOKEN: 'from-env' };
    await strata([...infer, '--stack', 's', '--region', 'eu-west-1'], { environment });
    expect(asked()).toContain('https://stack.example/');
    expect(requests().at(-1)?.headers).toMatchObject({ authorization: 'Bearer granted' });
  });

  it('is not asked for by a profile that does not exist, which is said', async () => {
    cloudFormation.on(DescribeStacksCommand).rejects(new Error('Region is missing'));
    const { err } = await strata([...infer, '--stack', 's', '--profile', 'nope']);
    expect(err).toMatch(
      /^error: The AWS profile "nope" does not exist or names no region: .+\[AWS_REGION_MISSING]\n$/,
    );
  });

  it('gets a token for inference only', async () => {
    await strata([...infer, '--stack', 's', '--region', 'eu-west-1']);
    const grant = requests().find(({ url }) => url.endsWith('/oauth2/token'));
    expect(new URLSearchParams(grant?.body as string).get('scope')).toBe('strata/infer');
  });

  it.each([
    { args: infer, code: 'NO_DEPLOYMENT' },
    { args: [...infer, '--endpoint', 'https://api.example'], code: 'NO_TOKEN' },
    { args: [...infer, '--endpoint', 'api.example', '--token', 'jwt'], code: 'INVALID_ENDPOINT' },
    { args: ['alias', 'credit', 'champion', '1', ...API], code: 'NO_DEPLOYMENT' },
    { args: ['token', ...API], code: 'NO_DEPLOYMENT' },
  ])('is asked for when it is not known: $code', async ({ args, code }) => {
    const result = await strata(args);
    expect(result.code).toBe(1);
    expect(result.err).toContain(`[${code}]`);
  });

  it('that was left behind by a runner that is gone is told from one that runs', async () => {
    await writeLocalDeployment(directory, deployment);
    web.mockRejectedValue(new TypeError('fetch failed'));
    const { code, err } = await strata(infer);
    expect(code).toBe(1);
    expect(err).toContain('is `npm start` running?');
  });

  it.each([
    { name: 'CredentialsProviderError', code: 'AWS_CREDENTIALS_MISSING' },
    { name: 'ExpiredTokenException', code: 'AWS_ACCESS_DENIED' },
    { name: 'AccessDenied', code: 'AWS_ACCESS_DENIED' },
    { name: 'SurpriseError', code: 'UNEXPECTED' },
  ])('that AWS does not show ($name) is $code', async ({ name, code }) => {
    cloudFormation.on(DescribeStacksCommand).rejects(Object.assign(new Error('from AWS'), { name }));
    const { err } = await strata([...infer, '--stack', 's', '--region', 'eu-west-1', '--json']);
    expect(JSON.parse(err)).toMatchObject({ error_code: code });
  });
});
