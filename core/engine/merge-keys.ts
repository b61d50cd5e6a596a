import type { ModelVersion } from '../registry/model-version.ts';
import { isOfKind, type Kind, kindOf } from './merge.ts';

interface Named {
  readonly key: string;
  readonly version: ModelVersion;
  readonly kind: Kind;
  readonly outputs: readonly string[];
}

/**
 * Names what requests that can be run as one have in common. To make a name takes longer than all the rest of queueing,
 * and most requests are like the one before.
 */
export class MergeKeys {
  #last: Named | undefined;

  of(version: ModelVersion, inputs: Kind, outputs: readonly string[]): string {
    const last = this.#last;
    if (last?.version === version && areSame(outputs, last.outputs) && isOfKind(inputs, last.kind))
      return last.key;
    const key = `${version.model}/${version.version}/${version.artifact.digest}\n${outputs.join('\n')}\n\n${kindOf(inputs)}`;
    this.#last = { key, version, outputs: [...outputs], kind: withoutData(inputs) };
    return key;
  }
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Values are the memory of a request that is over. */
function withoutData(inputs: Kind): Kind {
  return new Map(Array.from(inputs, ([name, { datatype, shape }]) => [name, { datatype, shape }]));
}
