import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StrataError } from '../../../../core/errors.ts';
import { readInferenceRequest } from '../../../../core/protocol/inference-request.ts';
import { readInputs } from '../../../../core/protocol/input-tensors.ts';
import { parseDocument } from '../../../../core/protocol/json-document.ts';
import { RequestForms } from '../../../../core/protocol/request-forms.ts';
import type { ModelVersion } from '../../../../core/registry/model-version.ts';
import type { TensorSpec } from '../../../../core/tensor/tensor.ts';

const SPECS: readonly TensorSpec[] = [
  { name: 'x', datatype: 'FP32', shape: [-1, 2] },
  { name: 'n', datatype: 'INT64', shape: [-1, 1] },
  { name: 't', datatype: 'BYTES', shape: [-1, 1] },
];
const LIMIT = 1_000_000;
const bytes = (text: string) => Buffer.from(text);

/** What reading the whole document gives, or the code of its refusal. */
function inFull(json: Uint8Array) {
  try {
    const document = parseDocument(json);
    const request = readInferenceRequest(document.value);
    const source = { inputs: request.inputs, binary: new Uint8Array(0), exact: document.exact };
    return { request, tensors: readInputs(source, SPECS, LIMIT).tensors };
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    return error.code;
  }
}

function learned(...texts: readonly string[]) {
  const [version, forms] = [{} as ModelVersion, new RequestForms()];
  for (const text of texts) {
    const full = inFull(bytes(text));
    if (typeof full === 'string') continue;
    forms.learn(version, bytes(text), full.request, full.tensors);
  }
  return (text: string | Uint8Array) => forms.read(version, typeof text === 'string' ? bytes(text) : text);
}

/** A request with these texts in the place of values. */
const written = (x: string, n: string, t: string, rest = '') =>
  `{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[${x}]},{"data" : [${n}],"name":"n","datatype":"INT64","shape":[1,1]},{"name":"t","datatype":"BYTES","shape":[1,1],"data":[${t}]}]${rest}}`;

const PLAIN = written('1,2', '3', '"a"');

describe('a request of a form that is known', () => {
  it('is read with its own values', () => {
    const read = learned(PLAIN)(written('0.5, -1e3', ' 7', '"b\\n"'));
    expect(read?.inputs.get('x')?.data).toEqual(Float32Array.of(0.5, -1000));
    expect(read?.inputs.get('n')?.data).toEqual(BigInt64Array.of(7n));
    expect(read?.inputs.get('t')).toEqual({ datatype: 'BYTES', shape: [1, 1], data: ['b\n'] });
  });

  it('keeps the digits of large integers', () => {
    const read = learned(PLAIN)(written('1,2', '9007199254740993', '"a"'));
    expect(read?.inputs.get('n')?.data).toEqual(BigInt64Array.of(9007199254740993n));
  });

  it('is known by its id, its parameters and its outputs', () => {
    const rest = ',"id":"7","parameters":{"binary_data_output":true},"outputs":[{"name":"y"}]';
    const read = learned(PLAIN, written('1,2', '3', '"a"', rest))(written('5,6', '3', '"a"', rest));
    expect(read?.request.id).toBe('7');
    expect(read?.request.parameters).toEqual(new Map([['binary_data_output', true]]));
    expect(read?.request.outputs.map(({ name }) => name)).toEqual(['y']);
    expect(learned(PLAIN)(written('5,6', '3', '"a"', rest))).toBeUndefined();
  });

  it.each([
    ['too few values', written('1', '3', '"a"')],
    ['values of two inputs in the place of one', written('1,2],"data":[3', '3', '"a"')],
    ['a value of another kind', written('1,"two"', '3', '"a"')],
    ['a number out of range', written('1,2', '9223372036854775808', '"a"')],
    ['nested values', written('[1,2]', '3', '"a"')],
    ['an object', written('1,2', '{"a":1,"a":2}', '"a"')],
    ['a string that begins in one place and ends in the next', written('1,"', '",3', '"a"')],
    ['NaN, which is no JSON', written('NaN,2', '3', '"a"')],
    ['something behind the end', `${PLAIN}{}`],
  ])('is left to whoever reads the whole document where it has %s', (_, text) => {
    expect(learned(PLAIN)(text)).toBeUndefined();
  });

  it('is left to it where it is not UTF-8', () => {
    const broken = bytes(written('1,2', '3', '"?"'));
    broken[broken.indexOf('?')] = 0xff;
    expect(learned(PLAIN)(broken)).toBeUndefined();
  });
});

describe('a form', () => {
  it('is not learned where "data" stands elsewhere, whatever its value', () => {
    const elsewhere =
      '{"extra":{"data":[1,2]},"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","\\u0064ata":[1,2]}]}';
    const specs = SPECS.slice(0, 1);
    const document = parseDocument(bytes(elsewhere));
    const request = readInferenceRequest(document.value);
    const source = { inputs: request.inputs, binary: new Uint8Array(0), exact: document.exact };
    const forms = new RequestForms();
    const version = {} as ModelVersion;
    forms.learn(version, bytes(elsewhere), request, readInputs(source, specs, LIMIT).tensors);
    expect(forms.read(version, bytes(elsewhere))).toBeUndefined();
  });

  it('is not shared between versions', () => {
    const forms = new RequestForms();
    const full = inFull(bytes(PLAIN));
    if (typeof full === 'string') throw new Error(full);
    forms.learn({} as ModelVersion, bytes(PLAIN), full.request, full.tensors);
    expect(forms.read({} as ModelVersion, bytes(PLAIN))).toBeUndefined();
  });
});

describe('whatever is read by a form', () => {
  const scalar = fc.oneof(
    fc.double().map(String),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.constantFrom(
      'null',
      'true',
      '[1]',
      '{}',
      '"]"',
      '"],\\"data\\":["',
      '"',
      '\\',
      '],[',
      ']',
      '\n',
      'NaN',
      '',
    ),
  );
  const values = fc.array(scalar, { maxLength: 3 }).map((all) => all.join(','));
  const rest = fc.constantFrom('', ',"id":"1"', ',"extra":{"data":[1]}', ',"parameters":{"priority":1}');

  it('is what reading the whole document gives', () => {
    fc.assert(
      fc.property(fc.tuple(values, values, values, rest), rest, ([x, n, t, its], learnedRest) => {
        const read = learned(PLAIN, written('1,2', '3', '"a"', learnedRest))(written(x, n, t, its));
        if (read === undefined) return;
        const full = inFull(bytes(written(x, n, t, its)));
        const { id, parameters, outputs } = (typeof full === 'string' ? undefined : full.request) ?? {};
        expect({ full }).not.toEqual({ full: expect.any(String) });
        expect(read.request).toEqual({ id, parameters, outputs });
        expect(read.inputs).toEqual(typeof full === 'string' ? full : full.tensors);
      }),
      { numRuns: 2000 },
    );
  });

  it('is all that is right and plain', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    const text = fc.string().filter((each) => !/[[\]]/.test(each));
    fc.assert(
      fc.property(float, float, fc.maxSafeInteger(), text, (a, b, n, t) => {
        const request = written(`${a},${b}`, String(n), JSON.stringify(t));
        expect(learned(PLAIN)(request)?.inputs.get('t')?.data).toEqual([t]);
      }),
    );
  });
});
