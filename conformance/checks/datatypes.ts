import assert from 'node:assert/strict';
import { type Check, must, type Suite, should } from '../check.ts';
import { binaryMessage, hex, jsonMessage, type Leaf, onlyOutput } from '../inference.ts';
import { REFERENCES } from '../references.ts';

/** A tensor of shape [2, 2], as JSON literals and as the bytes that the protocol gives them. */
interface Sample {
  readonly datatype: string;
  readonly literals: readonly [string, string, string, string];
  readonly bytes: string;
}

export const DATATYPE_SAMPLES: readonly Sample[] = [
  { datatype: 'BOOL', literals: ['true', 'false', 'false', 'true'], bytes: '01 00 00 01' },
  { datatype: 'UINT8', literals: ['0', '1', '127', '255'], bytes: '00 01 7f ff' },
  { datatype: 'UINT16', literals: ['0', '1', '256', '65535'], bytes: '0000 0100 0001 ffff' },
  {
    datatype: 'UINT32',
    literals: ['0', '1', '65536', '4294967295'],
    bytes: '00000000 01000000 00000100 ffffffff',
  },
  {
    datatype: 'UINT64',
    literals: ['0', '1', '9007199254740993', '18446744073709551615'],
    bytes: '0000000000000000 0100000000000000 0100000000002000 ffffffffffffffff',
  },
  { datatype: 'INT8', literals: ['-128', '-1', '0', '127'], bytes: '80 ff 00 7f' },
  { datatype: 'INT16', literals: ['-32768', '-1', '256', '32767'], bytes: '0080 ffff 0001 ff7f' },
  {
    datatype: 'INT32',
    literals: ['-2147483648', '-1', '65536', '2147483647'],
    bytes: '00000080 ffffffff 00000100 ffffff7f',
  },
  {
    datatype: 'INT64',
    literals: ['-9223372036854775808', '-1', '9007199254740993', '9223372036854775807'],
    bytes: '0000000000000080 ffffffffffffffff 0100000000002000 ffffffffffffff7f',
  },
  { datatype: 'FP16', literals: ['0', '1', '-0.5', '65504'], bytes: '0000 003c 00b8 ff7b' },
  {
    datatype: 'FP32',
    literals: ['0', '-1.5', '0.1', '3.4028234663852886e38'],
    bytes: '00000000 0000c0bf cdcccc3d ffff7f7f',
  },
  {
    datatype: 'FP64',
    literals: ['0', '-1.5', '0.1', '1.7976931348623157e308'],
    bytes: '0000000000000000 000000000000f8bf 9a9999999999b93f ffffffffffffef7f',
  },
  {
    datatype: 'BYTES',
    literals: ['"ab"', '"ü"', '""', '"企鹅🐧"'],
    bytes: '02000000 6162 02000000 c3bc 00000000 0a000000 e4bc81e9b985f09f90a7',
  },
];

export const identityModel = (datatype: string) => `identity_${datatype.toLowerCase()}`;

const input = (datatype: string, rest: string) =>
  `{"name":"x","shape":[2,2],"datatype":"${datatype}",${rest}}`;

/** What a literal means once it is an element of the datatype. */
function elementOf(datatype: string, literal: string): Leaf {
  const value = JSON.parse(literal) as Leaf;
  if (datatype === 'FP32') return Math.fround(Number(value));
  return typeof value === 'number' &&
    Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    datatype.includes('INT')
    ? BigInt(literal)
    : value;
}

function sampleChecks({ datatype, literals, bytes }: Sample): Check[] {
  const [a, b, c, d] = literals;
  const raw = hex(bytes);
  const flat = `"data":[${a},${b},${c},${d}]`;
  const nested = `"data":[[${a},${b}],[${c},${d}]]`;
  const binary = `"parameters":{"binary_data_size":${raw.length}}`;
  const asJson = (rest: string) => jsonMessage(`{"inputs":[${input(datatype, rest)}]}`);
  const askingForBytes = (rest: string) =>
    `{"inputs":[${input(datatype, rest)}],"parameters":{"binary_data_output":true}}`;

  const model = identityModel(datatype);
  const values = literals.map((literal) => elementOf(datatype, literal));
  const answersValues =
    (message: ReturnType<typeof asJson>): Check['run'] =>
    async (server) => {
      const { name, shape, datatype: answered, data = [] } = onlyOutput(await server.post(model, message));
      assert.deepEqual({ name, shape, datatype: answered }, { name: 'y', shape: [2, 2], datatype });
      // Single precision may be written with the digits of either precision: what counts is the element.
      assert.deepEqual(datatype === 'FP32' ? data.map((v) => Math.fround(Number(v))) : data, values);
    };
  const answersBytes =
    (message: ReturnType<typeof asJson>): Check['run'] =>
    async (server) => {
      const { name, shape, datatype: answered, raw: out } = onlyOutput(await server.post(model, message));
      assert.deepEqual({ name, shape, datatype: answered }, { name: 'y', shape: [2, 2], datatype });
      assert.deepEqual(out?.toString('hex'), raw.toString('hex'));
    };

  // Triton takes FP16 as bytes alone; its own client sends it as numbers too.
  const jsonNeed = datatype === 'FP16' ? should : must;
  return [
    jsonNeed(`${datatype}: flat JSON comes back`, answersValues(asJson(flat)), REFERENCES.tensorData),
    jsonNeed(`${datatype}: nested JSON comes back`, answersValues(asJson(nested)), REFERENCES.tensorData),
    jsonNeed(
      `${datatype}: bytes come back as JSON when nothing else is asked`,
      answersValues(binaryMessage(`{"inputs":[${input(datatype, binary)}]}`, raw)),
      REFERENCES.binary,
    ),
    must(
      `${datatype}: bytes come back as bytes`,
      answersBytes(binaryMessage(askingForBytes(binary), raw)),
      REFERENCES.binary,
    ),
    jsonNeed(
      `${datatype}: JSON comes back as bytes`,
      answersBytes(jsonMessage(askingForBytes(flat))),
      REFERENCES.binary,
    ),
  ];
}

export const datatypes: Suite = {
  title: 'every datatype, as JSON and as bytes',
  reference: REFERENCES.datatypes,
  checks: DATATYPE_SAMPLES.flatMap(sampleChecks),
};
