import type { Call, Message, Reply } from './check.ts';
import { jsonMessage } from './inference.ts';
import { MODELS } from './models.ts';

/** The server lacks a model that a check is about: the check says nothing about it. */
export class ModelMissingError extends Error {
  override readonly name = 'ModelMissingError';

  constructor(model: string) {
    super(`the server has no model ${model}`);
  }
}

/** A server with the models of the suite, which it may hold under names with a prefix. */
export class ServerUnderTest {
  readonly call: Call;
  readonly #prefix: string;
  readonly #present: ReadonlySet<string>;

  /** @param present those of `MODELS` that the server has */
  constructor(call: Call, prefix: string, present: Iterable<string>) {
    this.call = call;
    this.#prefix = prefix;
    this.#present = new Set(present);
  }

  /**
   * The name of a model on this server.
   * @throws ModelMissingError
   */
  name(model: string): string {
    if (!this.#present.has(model)) throw new ModelMissingError(this.#prefix + model);
    return this.#prefix + model;
  }

  /**
   * `/v2/models/<model>[/versions/<version>]<rest>`
   * @throws ModelMissingError
   */
  path(model: string, rest = '', version?: string): string {
    return modelPath(this.name(model), rest, version);
  }

  get(model: string, rest?: string, version?: string): Promise<Reply> {
    return this.call('GET', this.path(model, rest, version));
  }

  /** Posts an inference: a message as it is. */
  async post(model: string, message: Message, version?: string): Promise<Reply> {
    return await this.call('POST', this.path(model, '/infer', version), message);
  }

  /** Posts an inference: an object, or JSON text. */
  infer(model: string, request: unknown, version?: string): Promise<Reply> {
    return this.post(model, jsonMessage(request), version);
  }
}

const modelPath = (name: string, rest: string, version?: string) =>
  `/v2/models/${encodeURIComponent(name)}${version === undefined ? '' : `/versions/${version}`}${rest}`;

/** Each is enough to show that a model is there, so that a server that lacks one of these routes is not let off. */
const SIGNS: readonly (readonly [string, string?])[] = [['/ready'], [''], ['/ready', '1'], ['', '1']];

/** Asks which models of the suite the server has. */
export async function findModels(call: Call, prefix: string): Promise<string[]> {
  const found = await Promise.all(
    [...MODELS.keys()].map(async (model) => {
      for (const [rest, version] of SIGNS) {
        const { status } = await call('GET', modelPath(prefix + model, rest, version));
        if (status === 200) return model;
      }
      return undefined;
    }),
  );
  return found.filter((model) => model !== undefined);
}
