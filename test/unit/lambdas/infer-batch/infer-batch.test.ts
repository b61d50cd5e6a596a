import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../../core/protocol/json-document.ts';
import event from '../../../../events/infer-batch/good-and-bad-records.json' with { type: 'json' };
import { inferBatch } from '../../../../lambdas/infer-batch/infer-batch.ts';
import { recordServerOf } from '../../../support/models/record-server.ts';

describe('a batch', () => {
  it('has one result for each record, in their order, and counts them', async () => {
    const { server } = recordServerOf('add_sub');
    const { results, succeeded, failed } = await inferBatch(event, server, 'request');
    expect([succeeded, failed]).toEqual([2, 1]);
    expect(results).toMatchObject([
      {
        model_name: 'add_sub',
        model_version: '1',
        outputs: [{ data: [5, 5, 5, 5] }, { data: [-3, -1, 1, 3] }],
      },
      { error_code: 'SHAPE_MISMATCH', request_id: 'request' },
      { id: 'r-3', outputs: [{ data: [4, 4, 4, 4] }, {}] },
    ]);
  });

  it('may be the array itself, and may be empty', async () => {
    const { server } = recordServerOf('add_sub');
    expect(await inferBatch(event.records, server, 'request')).toMatchObject({ succeeded: 2 });
    expect(await inferBatch([], server, 'request')).toEqual({ results: [], succeeded: 0, failed: 0 });
  });

  it('keeps the digits of results that JavaScript has no number for', async () => {
    const { server } = recordServerOf('identity_fp64');
    const { results } = await inferBatch([{ x: [1e300, 0.1, 12345678901234567000] }], server, 'request');
    expect(JSON.stringify(results)).toContain('"data":[1e+300,0.1,12345678901234567000]');
  });

  it.each([
    ['identity_int64', '[-9223372036854775808,9007199254740993]'],
    ['identity_int64', '[1,1000000000000001]'],
    ['identity_uint64', '[18446744073709551615,0]'],
    ['identity_fp64', '[0.12345678901234568,-1234567.123456789]'],
  ])('gives the numbers of %s as they are: %s', async (model, digits) => {
    const { server } = recordServerOf(model);
    // Lambda parses the event, and loses the digits of large integers there: as text they get to the server.
    const answer = await server.answer([() => parseDocument(Buffer.from(`{"x":${digits}}`))]);
    const { results } = await inferBatch([{}], { answer: async () => answer }, 'request');
    expect(JSON.stringify(results)).toContain(`"data":${digits}`);
  });

  it.each([{}, { records: 'x' }, { records: null }, '$', 7, null])(
    'is refused when it has no records: %j',
    async (wrong) => {
      const { server } = recordServerOf('add_sub');
      await expect(inferBatch(wrong as never, server, 'request')).rejects.toMatchObject({
        code: 'INVALID_RECORDS',
      });
    },
  );
});
