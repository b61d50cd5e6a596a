import type { TensorSpec } from '../core/tensor/tensor.ts';
import { modelPath } from './api.ts';
import { madeUpInputs } from './deploy-first-call.ts';

export interface FirstCallModel {
  readonly name: string;
  /** Of its newest version; absent when it has none to serve. */
  readonly inputs?: readonly TensorSpec[];
}

/** A call of the newest version that can be pasted into a shell; a look at the model where an example would be too long. */
export function serveFirstCall(
  endpoint: string,
  { name, inputs: specs = [] }: FirstCallModel,
  hasToken: boolean,
): string {
  const header = hasToken ? ` \\\n    -H "Authorization: Bearer $TOKEN"` : '';
  const inputs = madeUpInputs(specs);
  const url = quoted(`${endpoint}${modelPath(name)}`);
  const body = JSON.stringify({ inputs });
  if (inputs === undefined || body.length > MAX_LENGTH) return `  curl ${url}${header}`;
  return `  curl ${quoted(`${endpoint}${modelPath(name)}/infer`)}${header} \\\n    -d ${quoted(body)}`;
}

/** A longer body is no example any more. */
const MAX_LENGTH = 2_000;

function quoted(text: string): string {
  return /^[\w./:%-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
