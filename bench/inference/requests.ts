import type { APIGatewayProxyEvent } from 'aws-lambda';
import { JSON_LENGTH_HEADER } from '../../core/protocol/request-body.ts';
import type { Tensor, TensorData } from '../../core/tensor/tensor.ts';
import { toBytes } from '../../core/tensor/to-bytes.ts';
import captured from '../../events/infer/json-request.json' with { type: 'json' };
import golden from '../../examples/penguins/golden.json' with { type: 'json' };

export type Encoding = 'json' | 'binary';

/** The samples of the example that miss nothing; a missing number is NaN, which has an encoding of its own in JSON. */
const COMPLETE = golden.inputs[0]?.data.flatMap((_, row) =>
  golden.inputs.every(({ data }) => data[row] !== null) ? [row] : [],
);

/** Inputs of the demo model with this many rows: its samples, over and over. */
export function sampleInputs(rows: number): Map<string, Tensor> {
  return new Map(
    golden.inputs.map(({ name, datatype, data }) => {
      const values = Array.from({ length: rows }, (_, row) => data[COMPLETE?.[row % COMPLETE.length] ?? 0]);
      return [name, { datatype, shape: [rows, 1], data: typed(datatype, values) } as Tensor];
    }),
  );
}

function typed(datatype: string, values: unknown[]): TensorData {
  return datatype === 'FP32' ? Float32Array.from(values as number[]) : (values as string[]);
}

/** The event that API Gateway makes of a request with these inputs. */
export function inferenceEvent(
  model: string,
  inputs: ReadonlyMap<string, Tensor>,
  encoding: Encoding,
): APIGatewayProxyEvent {
  const { body, headers } = encoding === 'json' ? jsonRequest(inputs) : binaryRequest(inputs);
  return {
    ...(captured as unknown as APIGatewayProxyEvent),
    path: `/v2/models/${model}/infer`,
    headers: { ...captured.headers, ...headers },
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
}

interface Request {
  readonly body: Buffer;
  readonly headers: Record<string, string>;
}

function jsonRequest(inputs: ReadonlyMap<string, Tensor>): Request {
  const described = [...inputs].map(([name, { datatype, shape, data }]) => ({
    name,
    datatype,
    shape,
    data: Array.from<unknown>(data),
  }));
  return {
    body: Buffer.from(JSON.stringify({ inputs: described })),
    headers: { 'content-type': 'application/json' },
  };
}

function binaryRequest(inputs: ReadonlyMap<string, Tensor>): Request {
  const parts = [...inputs].map(([name, tensor]) => ({ name, tensor, bytes: toBytes(tensor) }));
  const document = Buffer.from(
    JSON.stringify({
      inputs: parts.map(({ name, tensor: { datatype, shape }, bytes }) => ({
        name,
        datatype,
        shape,
        parameters: { binary_data_size: bytes.length },
      })),
      parameters: { binary_data_output: true },
    }),
  );
  return {
    body: Buffer.concat([document, ...parts.map(({ bytes }) => bytes)]),
    headers: { 'content-type': 'application/octet-stream', [JSON_LENGTH_HEADER]: String(document.length) },
  };
}
