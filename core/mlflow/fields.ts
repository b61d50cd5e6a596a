import type { ProtocolRequest } from '../protocol/http.ts';
import { parseDocument } from '../protocol/json-document.ts';
import { readBody } from '../protocol/request-body.ts';
import type { Tags } from '../registry/tags.ts';
import { invalidParameter } from './mlflow-error.ts';

/**
 * The fields of a request: in the query of a GET, in a JSON object otherwise, DELETE included. As protobuf has it, null is
 * as good as nothing, numbers may be written as strings, and fields that nobody knows do no harm. Whatever cannot be read
 * is refused with InvalidInputError `INVALID_PARAMETER_VALUE`.
 */
export class Fields {
  private constructor(private readonly values: ReadonlyMap<string, unknown>) {}

  /** @throws ProtocolError `REQUEST_TOO_LARGE` 413, `UNSUPPORTED_ENCODING` 415 */
  static of(request: ProtocolRequest, maxBytes: number): Fields {
    return request.method === 'GET' ? Fields.#ofQuery(request) : Fields.#ofBody(request, maxBytes);
  }

  static #ofQuery({ query = {} }: ProtocolRequest): Fields {
    // In a query every name has a list of values.
    const values = Object.entries(query).map(([name, given = []]) => [
      name,
      given.length === 1 ? given[0] : given,
    ]);
    return new Fields(new Map(values as [string, unknown][]));
  }

  static #ofBody(request: ProtocolRequest, maxBytes: number): Fields {
    const { json } = readBody(request, maxBytes);
    if (json.length === 0) return new Fields(new Map());
    const { value } = parseDocument(json, (reason) =>
      invalidParameter(`The body cannot be read as JSON: ${reason}.`),
    );
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalidParameter('The body must be a JSON object.');
    }
    return new Fields(new Map(Object.entries(value)));
  }

  /** A string that is not empty. */
  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined || value === '') throw missing(name);
    return value;
  }

  /** A string that may be empty, but not left out. */
  anyText(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw missing(name);
    return value;
  }

  optionalText(name: string): string | undefined {
    const value = this.#single(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw wrongType(name, 'a string');
    if (!value.isWellFormed()) throw invalidParameter(`The field "${name}" holds half a surrogate pair.`);
    return value;
  }

  /** A short text; nothing where it is empty. */
  shortText(name: string, mostCharacters: number): string | undefined {
    const value = this.optionalText(name) ?? '';
    if (value.length > mostCharacters) {
      throw invalidParameter(
        `The field "${name}" has ${value.length} characters, at most ${mostCharacters} are allowed.`,
      );
    }
    return value === '' ? undefined : value;
  }

  /** A whole number within the bounds. */
  integer(name: string, least: number, most: number, otherwise: number): number {
    const value = this.#single(name) ?? otherwise;
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number)) throw wrongType(name, 'a whole number');
    if (number < least || number > most) {
      throw invalidParameter(`The field "${name}" must be from ${least} to ${most}, got ${number}.`);
    }
    return number;
  }

  flag(name: string): boolean {
    const value = this.#single(name) ?? false;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw wrongType(name, 'true or false');
  }

  texts(name: string): string[] {
    const value = this.values.get(name) ?? [];
    const list = typeof value === 'string' ? [value] : value;
    if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
      throw wrongType(name, 'a list of strings');
    }
    return list;
  }

  /** A list of objects. */
  list(name: string): Fields[] {
    const value = this.values.get(name) ?? [];
    if (!Array.isArray(value)) throw wrongType(name, 'a list of objects');
    return value.map((item: unknown) => {
      if (typeof item !== 'object' || item === null) throw wrongType(name, 'a list of objects');
      return new Fields(new Map(Object.entries(item)));
    });
  }

  /** A number, which may be written as protobuf has it: as text, `NaN` or `-Infinity` too. */
  number(name: string): number {
    const value = this.#single(name);
    if (value === undefined) throw missing(name);
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && (value === 'NaN' || !Number.isNaN(number))) return number;
    throw wrongType(name, 'a number');
  }

  optionalNumber(name: string): number | undefined {
    return this.#single(name) === undefined ? undefined : this.number(name);
  }

  /** Everything, as it came. */
  get all(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.values);
  }

  /** A list of `{key, value}`; of a key that comes twice the last value counts. */
  tags(name: string): Tags {
    const value = this.values.get(name) ?? [];
    if (!Array.isArray(value)) throw wrongType(name, 'a list of tags');
    return Object.fromEntries(
      value.map((tag: unknown) => {
        if (typeof tag !== 'object' || tag === null) throw wrongType(name, 'a list of tags');
        const fields = new Fields(new Map(Object.entries(tag)));
        return [fields.text('key'), fields.optionalText('value') ?? ''];
      }),
    );
  }

  #single(name: string): unknown {
    return this.values.get(name) ?? undefined;
  }
}

function missing(name: string) {
  return invalidParameter(`The field "${name}" is missing or empty.`);
}

function wrongType(name: string, wanted: string) {
  return invalidParameter(`The field "${name}" must be ${wanted}.`);
}
