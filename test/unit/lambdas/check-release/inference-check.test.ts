import { describe, expect, it } from 'vitest';
import jsonRequest from '../../../../events/infer/json-request.json' with { type: 'json' };
import selfCheckEvent from '../../../../events/infer/self-check.json' with { type: 'json' };
import { inferenceCheck } from '../../../../lambdas/check-release/inference-check.ts';
import expected from '../../../../lambdas/infer/golden/answer.json' with { type: 'json' };
import golden from '../../../../lambdas/infer/golden/golden.json' with { type: 'json' };
import { goldenRequest, goldenServer } from '../../../../lambdas/infer/golden-server.ts';
import { selfCheck } from '../../../../lambdas/infer/self-check.ts';
import { isSelfCheck, SELF_CHECK } from '../../../../lambdas/shared/self-check.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';
import '../../../support/own-temporary-folder.ts';
import { registryOf } from '../../core/protocol/in-memory.ts';

const server = goldenServer(512);
const ports = { registry: registryOf([versionOf('fixed')]), artifacts: storeWith('fixed') };
const options = { server, ports, memoryMegabytes: 512, requestId: 'request-1' };

/** The verdict on what onnxruntime really answers, after something was done to it. */
async function faultAfter(
  change: (result: Awaited<ReturnType<typeof selfCheck>>) => unknown,
  failed = false,
): Promise<string | undefined> {
  return inferenceCheck.fault({ payload: change(await selfCheck(options)), failed });
}

/** The body with one text in the place of another of the same length. */
function replaced(body: string, text: string, by: string): string {
  return Buffer.from(Buffer.from(body, 'base64').toString('latin1').replace(text, by), 'latin1').toString(
    'base64',
  );
}

describe('the golden model', () => {
  it('is answered by onnxruntime bit for bit as its answer was worked out', async () => {
    expect(await faultAfter((result) => result)).toBeUndefined();
  });

  it('passes numbers, large integers and text through JSON and through bytes', () => {
    expect(golden.request.inputs.map(({ datatype }) => datatype)).toEqual(['FP32', 'INT64', 'BYTES']);
    expect(expected.outputs.map(({ datatype }) => datatype)).toEqual(['FP32', 'INT64', 'BYTES']);
    const integers = [golden.binary, expected.binary].map(
      (base64) => new BigInt64Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer)[0] ?? 0n,
    );
    // Floating point would change the one that goes in as well as the one that comes out.
    for (const integer of integers) expect(BigInt(Number(integer))).not.toBe(integer);
  });

  it('is the only model of its server', async () => {
    const request = { ...goldenRequest('request-1'), path: '/v2/models/penguins/infer' };
    const { status } = await server.handle(request, { id: 'test', scopes: ['infer'] });
    expect(status).toBe(404);
  });
});

describe('a version of infer must not be released', () => {
  it('when it throws', async () => {
    expect(await faultAfter(() => ({ errorMessage: 'out of memory' }), true)).toBe(
      'the function failed: out of memory',
    );
    expect(await faultAfter(() => null, true)).toBe('the function failed: without a message');
  });

  it.each([[null], ['ok'], [{ statusCode: 500, body: '{}' }]])(
    'when it does not know the self-check: %j',
    async (payload) => {
      expect(await faultAfter(() => payload)).toBe('the function does not know the self-check');
    },
  );

  it('when it cannot reach the registry', async () => {
    const body = JSON.stringify({ error_code: 'REGISTRY_UNAVAILABLE' });
    const fault = await faultAfter(({ readiness, inference }) => ({
      inference,
      readiness: { ...readiness, statusCode: 503, body, isBase64Encoded: false },
    }));
    expect(fault).toBe('the function is not ready to serve: status 503 REGISTRY_UNAVAILABLE');
  });

  it('when onnxruntime does not open the model', async () => {
    const fault = await faultAfter(({ readiness }) => ({
      readiness,
      inference: { statusCode: 503, headers: {}, body: 'no JSON', isBase64Encoded: false },
    }));
    expect(fault).toBe('the golden inference was refused: status 503');
  });

  it.each([
    ['a number', '1.5,5.5', '1.5,5.4', 'the output "score" is not the expected one'],
    ['a datatype', '"FP32"', '"FP64"', 'the output "score" is not the expected one'],
    [
      'a shape',
      '"shape":[2],"datatype":"INT64"',
      '"shape":[1],"datatype":"INT64"',
      'the output "total" is not the expected one',
    ],
    ['a text', 'unknown', 'UNKNOWN', 'the output "name" is not the expected one'],
    ['the last byte', '\xff\xff', '\xff\xfe', 'the bytes of the binary outputs are not the expected ones'],
    ['the word outputs', '"outputs"', '"OUTPUTS"', 'the golden inference was not answered with outputs'],
  ])('when %s is another one', async (_what, text, by, reason) => {
    const fault = await faultAfter(({ readiness, inference }) => ({
      readiness,
      inference: { ...inference, body: replaced(inference.body, text, by) },
    }));
    expect(fault).toBe(reason);
  });
});

describe('the self-check', () => {
  it('is asked for by one event only', () => {
    expect(isSelfCheck(selfCheckEvent)).toBe(true);
    expect(inferenceCheck.event).toEqual(selfCheckEvent);
    expect(isSelfCheck({})).toBe(false);
    expect(isSelfCheck({ strata: 'other' })).toBe(false);
  });

  it('is out of reach for the API, whatever a caller sends', () => {
    expect(isSelfCheck(jsonRequest)).toBe(false);
    expect(isSelfCheck({ ...jsonRequest, body: JSON.stringify(SELF_CHECK) })).toBe(false);
    expect(isSelfCheck({ ...jsonRequest, ...SELF_CHECK })).toBe(false);
    expect(isSelfCheck({ ...SELF_CHECK, requestContext: null })).toBe(false);
  });
});
