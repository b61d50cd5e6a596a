import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { s3, s3Signer } from '../../aws/clients.ts';
import { ExchangeUrls } from '../../aws/exchange-urls.ts';
import { callAs } from '../support/deployment.ts';
import { modelPath } from '../support/models/model-file.ts';
import { registerModels } from './protocol/models.ts';

const deployment = inject('deployment');
const MB = 1024 * 1024;

interface Upload {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expires_at: string;
  readonly parameters: { readonly s3_object: string; readonly s3_byte_size: number };
}

interface Output {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data?: readonly unknown[];
  readonly parameters?: {
    readonly s3_object: string;
    readonly s3_url: string;
    readonly s3_byte_size: number;
  };
}

const askForUploads = (request: unknown) =>
  callAs(['infer'], 'POST', '/strata/v1/exchange', { body: JSON.stringify(request) });

async function uploadsFor(...sizes: number[]): Promise<Upload[]> {
  const answer = await askForUploads({ uploads: sizes.map((bytes) => ({ bytes })) });
  expect(answer.status).toBe(200);
  return answer.json<{ uploads: Upload[] }>().uploads;
}

const put = (url: string, body: Uint8Array<ArrayBuffer>) => fetch(url, { method: 'PUT', body });

/** Puts a tensor into the exchange as a client does. @returns parameters for the input */
async function upload(body: Uint8Array<ArrayBuffer>): Promise<Upload['parameters']> {
  const [granted] = (await uploadsFor(body.length)) as [Upload];
  expect((await put(granted.url, body)).status).toBe(200);
  return granted.parameters;
}

const inferFp32 = (shape: readonly number[], parameters: object, more: object = {}) =>
  callAs(['infer'], 'POST', '/v2/models/exchanged_numbers/infer', {
    body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape, parameters }], ...more }),
  });

const S3_OUTPUTS = { parameters: { s3_outputs: true } };

/** Numbers that differ, so that a part in the wrong place shows. */
function numbers(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float32Array.from({ length: bytes / 4 }, (_, i) => i / 3).buffer);
}

async function fetchBytes(url: string): Promise<Buffer> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

beforeAll(
  () =>
    registerModels(deployment, [
      { model: 'exchanged_numbers', path: modelPath('identity_fp32'), alias: 'champion' },
      { model: 'exchanged_texts', path: modelPath('identity_bytes'), alias: 'champion' },
    ]),
  60_000,
);

describe('a tensor of 20 MB', () => {
  const sent = numbers(20 * MB);
  const shape = [1024, 5 * 1024];
  let parameters: Upload['parameters'];
  beforeAll(async () => {
    parameters = await upload(sent);
  });

  it('goes in by reference and comes back by reference, byte for byte', async () => {
    const answer = await inferFp32(shape, parameters, S3_OUTPUTS);
    expect(answer.status).toBe(200);
    const [output] = answer.json<{ outputs: Output[] }>().outputs as [Output];
    expect(output).toMatchObject({
      name: 'y',
      shape,
      datatype: 'FP32',
      parameters: { s3_byte_size: 20 * MB },
    });
    expect(output.data).toBeUndefined();
    expect((await fetchBytes(output.parameters?.s3_url ?? '')).equals(sent)).toBe(true);
  });

  it('is the input of the next model without coming back to the caller', async () => {
    const first = await inferFp32(shape, parameters, S3_OUTPUTS);
    const reference = first.json<{ outputs: Output[] }>().outputs[0]?.parameters?.s3_object;
    const second = await inferFp32(shape, { s3_object: reference }, S3_OUTPUTS);
    const [output] = second.json<{ outputs: Output[] }>().outputs as [Output];
    expect((await fetchBytes(output.parameters?.s3_url ?? '')).equals(sent)).toBe(true);
  });

  it('is refused as an answer when the caller did not say that he takes references, and told how to', async () => {
    const answer = await inferFp32(shape, parameters);
    expect(answer.status).toBe(413);
    expect(answer.json()).toMatchObject({
      error_code: 'RESPONSE_TOO_LARGE',
      message: expect.stringContaining('"s3_outputs": true'),
    });
  });
});

describe('what is put into the exchange', () => {
  it('may be referred to by its key alone, and what fits into the answer stays there', async () => {
    const { s3_object } = await upload(numbers(8));
    const answer = await inferFp32(
      [1, 2],
      { s3_object: s3_object.replace(/^s3:\/\/[^/]+\//, '') },
      S3_OUTPUTS,
    );
    expect(answer.json<{ outputs: Output[] }>().outputs[0]).toEqual({
      name: 'y',
      datatype: 'FP32',
      shape: [1, 2],
      data: [0, Math.fround(1 / 3)],
    });
  });

  it('may be text, whose size the shape does not tell', async () => {
    const text = Buffer.from('\x03\0\0\0abc\x02\0\0\0\u00fc', 'utf8');
    const parameters = await upload(new Uint8Array(text));
    const answer = await callAs(['infer'], 'POST', '/v2/models/exchanged_texts/infer', {
      body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'BYTES', shape: [1, 2], parameters }] }),
    });
    expect(answer.json<{ outputs: Output[] }>().outputs[0]?.data).toEqual(['abc', 'ü']);
  });

  it('must be as large as the shape needs', async () => {
    const { s3_object, s3_byte_size } = await upload(numbers(8));
    const undeclared = await inferFp32([1, 3], { s3_object });
    expect(undeclared.status).toBe(400);
    expect(undeclared.json()).toMatchObject({
      error_code: 'DATA_SIZE_MISMATCH',
      message: expect.stringMatching(/input "x".*needs 12 bytes, got 8/),
    });
    expect((await inferFp32([1, 3], { s3_object, s3_byte_size })).status).toBe(400);
  });

  it('must be there', async () => {
    const [{ parameters }] = (await uploadsFor(8)) as [Upload];
    const answer = await inferFp32([1, 2], parameters);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      error_code: 'TENSOR_NOT_FOUND',
      message: expect.stringContaining('input "x"'),
    });
  });

  it('must fit into the memory of the endpoint, which is noticed before it is fetched', async () => {
    const [{ parameters }] = (await uploadsFor(8)) as [Upload];
    const answer = await inferFp32([1, 60 * MB], { s3_object: parameters.s3_object });
    expect(answer.status).toBe(413);
    expect(answer.json()).toMatchObject({ error_code: 'TENSOR_TOO_LARGE' });
  });
});

describe('what is not the callers own', () => {
  let bucket: string;
  let own: string;
  beforeAll(async () => {
    const { s3_object } = await upload(numbers(8));
    [, bucket = '', own = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(s3_object) ?? [];
  });

  it('is not read, though it is there and has the right size', async () => {
    const other = createHash('sha256').update('somebody else').digest('hex');
    for (const area of [`in/${other}/${randomUUID()}`, `out/${other}/${randomUUID()}/y`]) {
      await s3(deployment).send(new PutObjectCommand({ Bucket: bucket, Key: area, Body: numbers(8) }));
      for (const s3_object of [area, `s3://${bucket}/${area}`]) {
        const answer = await inferFp32([1, 2], { s3_object });
        expect(answer.status).toBe(403);
        expect(answer.json()).toMatchObject({ error_code: 'PERMISSION_DENIED' });
      }
    }
  });

  it('is not read from another bucket', async () => {
    const key = own;
    await s3(deployment).send(
      new PutObjectCommand({ Bucket: deployment.artifactsBucket, Key: key, Body: numbers(8) }),
    );
    const answer = await inferFp32([1, 2], { s3_object: `s3://${deployment.artifactsBucket}/${key}` });
    expect(answer.status).toBe(403);
  });

  it.each([
    ['a step up', (key: string) => key.replace(/[^/]+$/, `../${key.split('/')[1]}/x`)],
    ['an encoded step up', (key: string) => key.replace(/\/[^/]+$/, '/%2e%2e/x')],
    ['an encoded slash', (key: string) => key.replaceAll('/', '%2f')],
    ['an empty segment', (key: string) => key.replace('/', '//')],
    ['a slash before it', (key: string) => `/${key}`],
    ['a query', (key: string) => `${key}?versionId=1`],
    ['a NUL character', (key: string) => `${key}\0`],
    ['a line behind it', (key: string) => `${key}\n`],
    ['capital letters', (key: string) => key.toUpperCase()],
    ['an https URL', (key: string) => `https://${bucket}.s3.amazonaws.com/${key}`],
    ['nothing', () => ''],
  ])('is not reached by %s', async (_what, trick) => {
    const answer = await inferFp32([1, 2], { s3_object: trick(own) });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error_code: 'INVALID_REFERENCE' });
  });
});

describe('a signed address', () => {
  it('takes no body of another length', async () => {
    const [{ url, parameters }] = (await uploadsFor(8)) as [Upload];
    expect((await put(url, numbers(12))).status).toBe(403);
    expect((await inferFp32([1, 3], { s3_object: parameters.s3_object })).status).toBe(400);
  });

  it('is for one object', async () => {
    const [{ url }] = (await uploadsFor(8)) as [Upload];
    const elsewhere = url.replace(/\/in\/[0-9a-f]{64}\//, `/in/${'0'.repeat(64)}/`);
    expect(elsewhere).not.toBe(url);
    expect((await put(elsewhere, numbers(8))).status).toBe(403);
  });

  it('for uploading reads nothing', async () => {
    const [{ url }] = (await uploadsFor(8)) as [Upload];
    await put(url, numbers(8));
    expect((await fetch(url)).status).toBe(403);
  });

  it('expires', async () => {
    const [{ parameters }] = (await uploadsFor(8)) as [Upload];
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(parameters.s3_object) ?? [];
    const urls = new ExchangeUrls(s3Signer(deployment), { bucket, expirySeconds: 1 });
    const url = await urls.signUpload(key, 8);
    expect((await put(url, numbers(8))).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect((await put(url, numbers(8))).status).toBe(403);
  });

  it('is told with the time when it ends, a quarter of an hour later', async () => {
    const before = Date.now();
    const [{ expires_at, method, headers }] = (await uploadsFor(8)) as [Upload];
    expect({ method, headers }).toEqual({ method: 'PUT', headers: { 'content-length': '8' } });
    const seconds = (Date.parse(expires_at) - before) / 1000;
    expect(seconds).toBeGreaterThan(895);
    expect(seconds).toBeLessThan(930);
  });
});

describe('asking for uploads', () => {
  it('gives each its own address, in the order asked', async () => {
    const uploads = await uploadsFor(1, 2, 3);
    expect(uploads.map(({ parameters }) => parameters.s3_byte_size)).toEqual([1, 2, 3]);
    expect(new Set(uploads.map(({ parameters }) => parameters.s3_object)).size).toBe(3);
  });

  it.each([
    ['more than 5 GiB', { uploads: [{ bytes: 5 * 1024 * MB }, { bytes: 1 }] }, 413, 'UPLOAD_TOO_LARGE'],
    ['17 uploads', { uploads: Array(17).fill({ bytes: 1 }) }, 400, 'INVALID_REQUEST'],
    ['nothing', { uploads: [] }, 400, 'INVALID_REQUEST'],
  ])('for %s is refused', async (_what, request, status, code) => {
    const answer = await askForUploads(request);
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ error_code: code });
  });

  it('needs the scope infer, the method POST and this very path', async () => {
    const body = '{"uploads":[{"bytes":1}]}';
    const path = '/strata/v1/exchange';
    expect((await callAs(['registry.read'], 'POST', path, { body })).status).toBe(403);
    expect((await callAs(['infer'], 'GET', path)).status).toBe(405);
    expect((await callAs(['infer'], 'POST', `${path}/more`, { body })).status).toBe(404);
  });

  it('is told of by the servers metadata', async () => {
    const answer = await callAs(['infer'], 'GET', '/v2');
    expect(answer.json()).toMatchObject({ extensions: expect.arrayContaining(['s3_tensor_reference']) });
  });
});

describe('a JSON answer near the limit', () => {
  // Lambda escapes a text inside its own JSON: quotes and backslashes take twice the room there.
  it('arrives, though escaping would make it larger than a function may answer', async () => {
    const texts: string[] = Array(900_000).fill('"');
    const body = JSON.stringify({
      inputs: [{ name: 'x', datatype: 'BYTES', shape: [1, texts.length], data: texts }],
    });
    expect(JSON.stringify(body).length).toBeGreaterThan(6 * MB);
    const answer = await callAs(['infer'], 'POST', '/v2/models/exchanged_texts/infer', { body });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.json<{ outputs: Output[] }>().outputs[0]?.data).toEqual(texts);
  });
});
