import type { Call } from '../../conformance/check.ts';
import { binaryMessage, readInference, textOf } from '../../conformance/inference.ts';
import { differenceOf } from './compare.ts';
import type { Verdict } from './direct-run.ts';
import type { NodeTest } from './node-test.ts';
import type { WireTensor } from './wire-tensor.ts';

/** Runs a test through a server that has its model under its name: tensors go in and come back as bytes. */
export async function runServed(call: Call, test: NodeTest): Promise<Verdict> {
  const outputs: WireTensor[][] = [];
  for (const set of test.sets) {
    const request = {
      inputs: set.inputs.map(({ name, datatype, shape, bytes }) => ({
        name,
        datatype,
        shape,
        parameters: { binary_data_size: bytes.length },
      })),
      parameters: { binary_data_output: true },
    };
    const message = binaryMessage(request, ...set.inputs.map(({ bytes }) => bytes));
    const reply = await call('POST', `/v2/models/${encodeURIComponent(test.name)}/infer`, message);
    if (reply.status !== 200)
      return { result: 'refused', reason: `${reply.status} ${textOf(reply).slice(0, 300)}` };
    const got = readInference(reply).outputs.map(({ name, datatype, shape, raw }) => ({
      name,
      datatype,
      shape,
      bytes: raw ?? Buffer.alloc(0),
    }));
    const difference = differenceOf(set.outputs, got);
    if (difference !== undefined) return { result: 'differs', reason: difference };
    outputs.push(got);
  }
  return { result: 'passes', outputs };
}
