import type { ExpectedTensor } from '../tensor/expected-tensor.ts';
import { fromJson } from '../tensor/from-json.ts';
import { quoted } from '../tensor/quoted.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { InferenceRequest } from './inference-request.ts';
import { parseExactly } from './json-document.ts';

/** A request that was read. */
export interface ReadRequest {
  readonly request: Pick<InferenceRequest, 'id' | 'parameters' | 'outputs'>;
  readonly inputs: Map<string, Tensor>;
}

type ExpectedInput = readonly [name: string, expected: ExpectedTensor];

/** What stands in the place of values: the elements of a flat array that is the value of "data". */
const VALUES = /(?<="data"\s*:\s*\[)[^[\]]*(?=\])/;

/**
 * How one client writes its requests: the text of a request without the values of its inputs.
 *
 * A client sends the same text again and again with other values in it. Where all of that text is known, so are the
 * names, the datatypes, the shapes and that they fit the model; only the values are left to be read.
 */
export class RequestForm {
  /** All but the first begin with the bracket that ends an array of values. */
  readonly #texts: readonly string[];
  readonly #inputs: readonly ExpectedInput[];
  readonly #request: ReadRequest['request'];

  private constructor(
    texts: readonly string[],
    inputs: readonly ExpectedInput[],
    request: ReadRequest['request'],
  ) {
    this.#texts = texts;
    this.#inputs = inputs;
    this.#request = request;
  }

  /**
   * The form of a request that was read; undefined where it has inputs whose values are not a flat array in the text.
   *
   * @param text without a key that occurs twice
   */
  static of(
    text: string,
    request: InferenceRequest,
    tensors: ReadonlyMap<string, Tensor>,
  ): RequestForm | undefined {
    const texts = text.split(VALUES);
    if (request.inputs.some(({ parameters }) => parameters.size > 0)) return undefined;
    if (!areInputsBetween(texts, request.inputs.length)) return undefined;
    const inputs = [...tensors].map(([name, { datatype, shape, data }]) => {
      const expected = { label: `input ${quoted(name)}`, datatype, shape, count: data.length };
      return [name, expected] as const;
    });
    const { id, parameters, outputs } = request;
    return new RequestForm(texts, inputs, { id, parameters, outputs });
  }

  /** Undefined for a text of another form, and for values that cannot be read. */
  read(text: string): ReadRequest | undefined {
    const values = this.#valuesIn(text);
    return values === undefined ? undefined : this.#readValues(values);
  }

  /** An array of the arrays of values, as text. */
  #valuesIn(text: string): string | undefined {
    const [first = ''] = this.#texts;
    let at = first.length;
    // Comparing a slice takes V8 a third of the time that startsWith takes.
    if (text.slice(0, at) !== first) return undefined;
    let values = '[[';
    for (let i = 1; i < this.#texts.length; i++) {
      const next = this.#texts[i] as string;
      const end = text.indexOf(']', at);
      if (end < 0 || text.slice(end, end + next.length) !== next) return undefined;
      // No string of JSON goes over the end of a line: what is cut inside of one does not parse.
      values += i === 1 ? text.slice(at, end) : `\n],[\n${text.slice(at, end)}`;
      at = end + next.length;
    }
    return at === text.length ? `${values}\n]]` : undefined;
  }

  #readValues(text: string): ReadRequest | undefined {
    try {
      const values = JSON.parse(text) as unknown[][];
      if (values.length !== this.#inputs.length) return undefined;
      const inputs = new Map<string, Tensor>();
      for (let i = 0; i < this.#inputs.length; i++) {
        const [name, expected] = this.#inputs[i] as ExpectedInput;
        const exact = () => (parseExactly(text) as unknown[][])[i] ?? [];
        const data = fromJson(expected, { data: values[i] ?? [], exact });
        inputs.set(name, { datatype: expected.datatype, shape: expected.shape, data });
      }
      return { request: this.#request, inputs };
    } catch {
      return undefined;
    }
  }
}

/** Whether what was between the texts is the data of so many inputs, in their order, and of nothing else. */
function areInputsBetween(texts: readonly string[], count: number): boolean {
  if (texts.length !== count + 1) return false;
  try {
    // With other values there, the values must be found where the inputs have theirs.
    const numbered = texts.reduce((text, next, index) => `${text}${index - 1}${next}`);
    const { inputs } = JSON.parse(numbered) as { readonly inputs: readonly { readonly data: unknown }[] };
    return inputs.every(({ data }, index) => Array.isArray(data) && data.length === 1 && data[0] === index);
  } catch {
    return false;
  }
}
