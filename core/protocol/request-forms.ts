import type { ModelVersion } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { InferenceRequest } from './inference-request.ts';
import { type ReadRequest, RequestForm } from './request-form.ts';

/** Forms that are kept of each version. */
const FORMS = 4;

/** Longest request of which the form is kept, in bytes: in a longer one the values are what takes time. */
const LONGEST = 8 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

interface Known {
  readonly forms: RequestForm[];
  missed: number;
}

/** The forms in which clients ask for versions: what has one of them is read in a third of the time. */
export class RequestForms {
  readonly #known = new WeakMap<ModelVersion, Known>();

  /**
   * Reads a request of a form that is known; undefined for all others, and where anything is wrong with its values. What
   * it reads is what reading the whole document gives.
   */
  read(version: ModelVersion, json: Uint8Array): ReadRequest | undefined {
    const known = this.#known.get(version);
    if (known === undefined || json.length > LONGEST) return undefined;
    const text = textOf(json);
    if (text === undefined) return undefined;
    for (const form of known.forms) {
      const read = form.read(text);
      if (read) return read;
    }
    return undefined;
  }

  /** Keeps the form of a request that had none of those that are known, and was read in full. */
  learn(
    version: ModelVersion,
    json: Uint8Array,
    request: InferenceRequest,
    tensors: ReadonlyMap<string, Tensor>,
  ): void {
    if (json.length > LONGEST) return;
    const known = this.#known.get(version) ?? { forms: [], missed: 0 };
    this.#known.set(version, known);
    known.missed += 1;
    // Rarer and rarer: a client whose requests all differ, by an id for example, is not learned from for good.
    if (!isPowerOfTwo(known.missed)) return;
    const form = RequestForm.of(textOf(json) ?? '', request, tensors);
    if (form) known.forms.unshift(form);
    if (known.forms.length > FORMS) known.forms.pop();
  }
}

/** Undefined for what is not UTF-8. */
function textOf(json: Uint8Array): string | undefined {
  try {
    return utf8.decode(json);
  } catch {
    return undefined;
  }
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
