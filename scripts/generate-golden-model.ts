/**
 * Writes lambdas/infer/golden/: the model that a new version of `infer` has to run before it gets traffic, what it is
 * asked, and what it has to answer.
 *
 *     npx tsx scripts/generate-golden-model.ts
 *
 * The answer is worked out here, without onnxruntime: from small dyadic fractions, which floating point holds exactly.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { describeModel } from '../core/onnx/describe-model.ts';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  TensorProto_DataType as Type,
  type ValueInfoProtoSchema,
} from '../core/onnx/schema/onnx_pb.ts';

const FOLDER = join(import.meta.dirname, '..', 'lambdas', 'infer', 'golden');

const WEIGHTS = [
  [0.5, -1],
  [0.25, 2],
  [-0.125, 0.75],
] as const;
const BIAS = [1, -0.5] as const;
/** Code of each label, and the name that is answered for it; others have code 0 and the name `unknown`. */
const LABELS = { Adelie: 1, Größe: 2, Gentoo: 3 } as const;
const NAMES = ['klein', 'groß', 'mittel'] as const;

const FEATURES = [
  [1, 2, 4],
  [8, -16, 0.5],
] as const;
/** Odd and beyond 2^53, as is the total: what passed through floating point would be another number. */
const COUNTS = [9_007_199_254_740_993n, -3n] as const;
const ASKED_LABELS = ['Größe', 'Chinstrap'] as const;

const utf8 = new TextEncoder();

function attribute(name: string, kind: Kind, value: MessageInitShape<typeof AttributeProtoSchema>) {
  return { name, type: kind, ...value };
}

function node(
  opType: string,
  input: string[],
  output: string,
  more: MessageInitShape<typeof NodeProtoSchema> = {},
) {
  return { name: `${opType}_${output}`, opType, input, output: [output], ...more };
}

function labelEncoder(input: string, output: string, attributes: ReturnType<typeof attribute>[]) {
  return node('LabelEncoder', [input], output, { domain: 'ai.onnx.ml', attribute: attributes });
}

function floats(
  name: string,
  dims: number[],
  values: readonly number[],
): MessageInitShape<typeof TensorProtoSchema> {
  return { name, dims: dims.map(BigInt), dataType: Type.FLOAT, floatData: [...values] };
}

/** A value with a free number of rows. */
function rows(
  name: string,
  elemType: Type,
  ...columns: number[]
): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = [
    { value: { case: 'dimParam' as const, value: 'n' } },
    ...columns.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } })),
  ];
  return { name, type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } } };
}

function goldenModel(): Uint8Array {
  const labels = Object.keys(LABELS).map((label) => utf8.encode(label));
  const codes = Object.values(LABELS).map(BigInt);
  const model = create(ModelProtoSchema, {
    // Old on purpose: any runtime of the last years opens it.
    irVersion: 8n,
    producerName: 'strata',
    opsetImport: [
      { domain: '', version: 17n },
      { domain: 'ai.onnx.ml', version: 3n },
    ],
    graph: {
      name: 'golden',
      initializer: [floats('weights', [3, 2], WEIGHTS.flat()), floats('bias', [2], BIAS)],
      input: [rows('features', Type.FLOAT, 3), rows('count', Type.INT64), rows('label', Type.STRING)],
      output: [rows('score', Type.FLOAT, 2), rows('total', Type.INT64), rows('name', Type.STRING)],
      node: [
        node('MatMul', ['features', 'weights'], 'product'),
        node('Add', ['product', 'bias'], 'shifted'),
        node('Relu', ['shifted'], 'score'),
        labelEncoder('label', 'code', [
          attribute('keys_strings', Kind.STRINGS, { strings: labels }),
          attribute('values_int64s', Kind.INTS, { ints: codes }),
          attribute('default_int64', Kind.INT, { i: 0n }),
        ]),
        node('Add', ['count', 'code'], 'total'),
        labelEncoder('code', 'name', [
          attribute('keys_int64s', Kind.INTS, { ints: codes }),
          attribute('values_strings', Kind.STRINGS, { strings: NAMES.map((name) => utf8.encode(name)) }),
          attribute('default_string', Kind.STRING, { s: utf8.encode('unknown') }),
        ]),
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

function golden(bytes: Uint8Array) {
  const count = Buffer.from(BigInt64Array.from(COUNTS).buffer);
  return {
    version: {
      model: 'golden',
      version: '1',
      status: 'READY',
      artifact: { digest: createHash('sha256').update(bytes).digest('hex'), size: bytes.length },
      description: describeModel(bytes),
      createdAt: '2026-01-01T00:00:00Z',
    },
    model: Buffer.from(bytes).toString('base64'),
    request: {
      inputs: [
        { name: 'features', datatype: 'FP32', shape: [2, 3], data: FEATURES.flat() },
        { name: 'count', datatype: 'INT64', shape: [2], parameters: { binary_data_size: count.length } },
        { name: 'label', datatype: 'BYTES', shape: [2], data: ASKED_LABELS },
      ],
      outputs: [{ name: 'score' }, { name: 'total', parameters: { binary_data: true } }, { name: 'name' }],
    },
    binary: count.toString('base64'),
  };
}

function answer() {
  const codes = ASKED_LABELS.map((label) => LABELS[label as keyof typeof LABELS] ?? 0);
  const scores = FEATURES.flatMap((row) =>
    BIAS.map((bias, column) => {
      const products = row.map((value, index) => value * (WEIGHTS[index]?.[column] ?? 0));
      return Math.max(0, bias + products.reduce((sum, product) => sum + product, 0));
    }),
  );
  const totals = BigInt64Array.from(COUNTS.map((count, index) => count + BigInt(codes[index] ?? 0)));
  const binary = Buffer.from(totals.buffer);
  return {
    outputs: [
      { name: 'score', datatype: 'FP32', shape: [2, 2], data: scores },
      { name: 'total', datatype: 'INT64', shape: [2], parameters: { binary_data_size: binary.length } },
      {
        name: 'name',
        datatype: 'BYTES',
        shape: [2],
        data: codes.map((code) => NAMES[code - 1] ?? 'unknown'),
      },
    ],
    binary: binary.toString('base64'),
  };
}

function write(name: string, document: unknown): void {
  writeFileSync(join(FOLDER, name), `${JSON.stringify(document, undefined, 2)}\n`);
}

write('golden.json', golden(goldenModel()));
write('answer.json', answer());
