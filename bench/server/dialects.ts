import type { Tensor } from '../../core/tensor/tensor.ts';

type Tensors = ReadonlyMap<string, Tensor>;
/** An answer by the names of outputs: a value, or the values of a row. */
export type Answer = Readonly<Record<string, unknown>>;

/** How a server is asked for one row in JSON, and how it answers. */
export interface Dialect {
  body(inputs: Tensors): string;
  /** Of one row. @throws whatever an answer of another shape leads to */
  answer(body: unknown): Answer;
}

/** The Open Inference Protocol. */
export const protocol: Dialect = {
  body: (inputs) =>
    JSON.stringify({
      inputs: [...inputs].map(([name, { datatype, shape, data }]) => ({
        name,
        datatype,
        shape,
        data: Array.from<unknown>(data),
      })),
    }),
  answer: (body) => {
    const { outputs } = body as { outputs: { name: string; data: unknown[] }[] };
    return Object.fromEntries(outputs.map(({ name, data }) => [name, data]));
  },
};

/** What frameworks leave to their user, and their tutorials show: an object with a key for each feature. */
export const row: Dialect = {
  body: (inputs) => JSON.stringify(rowOf(inputs)),
  answer: (body) => body as Answer,
};

/** A batch with that row in it. */
export const rows: Dialect = {
  body: (inputs) => JSON.stringify({ rows: [rowOf(inputs)] }),
  answer: (body) => (body as Answer[])[0] ?? {},
};

function rowOf(inputs: Tensors): Record<string, unknown> {
  return Object.fromEntries(
    [...inputs].map(([name, { data }]) => {
      const values = Array.from<unknown>(data);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
