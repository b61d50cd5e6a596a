import { InvalidInputError } from '../errors.ts';
import { bodiesOf, partsOf } from './model-parts.ts';
import type { OnnxModel } from './onnx-file.ts';
import { withoutWeightInputs } from './optimise-interface.ts';
import { NodeRewriter } from './quantise-node.ts';
import { WeightScope } from './quantise-scope.ts';
import type { WeightBits } from './quantise-weights.ts';
import type { GraphProto } from './schema/onnx_pb.ts';

export interface QuantiseOptions {
  /** @default 8 */
  readonly bits?: WeightBits;
  /** Names of weights that stay as they are. @default - none */
  readonly keep?: ReadonlySet<string>;
}

/** A weight and the operator that uses it. */
export interface WeightUse {
  readonly weight: string;
  readonly operator: string;
}

export interface KeptWeight extends WeightUse {
  readonly reason: string;
}

/** What became of the weights that a `MatMul`, `Gemm` or `Gather` uses. */
export interface QuantiseResult {
  readonly quantised: readonly WeightUse[];
  readonly kept: readonly KeptWeight[];
}

/** `DynamicQuantizeLinear` is in the operator set from this version on. Source: ONNX operator documentation. */
const OLDEST_OPSET = 11;

/**
 * Replaces floating-point weights by 8-bit integers: a `MatMul` or `Gemm` by a constant matrix quantises its input as it
 * comes and multiplies integers, a `Gather` from a constant table reads integers. In branches and loops too; functions
 * that the model brings along stay as they are.
 *
 * @param model changed; its weights stand in it
 * @throws InvalidInputError `QUANTISE_OPSET`, `UNKNOWN_WEIGHT`, `NOTHING_TO_QUANTISE`
 */
export function quantiseGraph(
  model: OnnxModel,
  { bits = 8, keep = new Set() }: QuantiseOptions = {},
): QuantiseResult {
  const opset = Number(
    model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version,
  );
  if (!(opset >= OLDEST_OPSET)) {
    throw new InvalidInputError(
      'QUANTISE_OPSET',
      `The model uses operator set ${opset}; quantising needs ${OLDEST_OPSET} or later. Export it with opset_version=17, or convert it with onnx.version_converter.`,
    );
  }
  withoutWeightInputs(model);
  const rewriter = new NodeRewriter(namesOf(model), { bits, keep });
  const waiting: [GraphProto, WeightScope][] = [[model.graph, new WeightScope(model.graph)]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [graph, scope] = next;
    const bodies = graph.node.flatMap(bodiesOf);
    waiting.push(...bodies.map((body): [GraphProto, WeightScope] => [body, new WeightScope(body, scope)]));
    rewriter.rewrite(graph, scope);
  }
  const { quantised, kept } = rewriter;
  refuseUnknown(keep, [...quantised, ...kept]);
  if (quantised.length === 0) throw nothingToDo(kept);
  dropUnused(model, new Set(quantised.map(({ weight }) => weight)));
  return { quantised, kept };
}

/** A weight that is to be kept and is none of those in question was misspelled, and would be quantised silently. */
function refuseUnknown(keep: ReadonlySet<string>, uses: readonly WeightUse[]): void {
  const names = new Set(uses.map(({ weight }) => weight));
  const unknown = [...keep].filter((name) => !names.has(name));
  if (unknown.length === 0) return;
  throw new InvalidInputError(
    'UNKNOWN_WEIGHT',
    `The model has no ${unknown.length === 1 ? 'weight' : 'weights'} ${unknown.join(', ')} that quantising could change. ${names.size === 0 ? 'It has none at all' : `Those that there are: ${[...names].sort().join(', ')}`}.`,
  );
}

function nothingToDo(kept: readonly KeptWeight[]): InvalidInputError {
  const [first] = kept;
  const why = first
    ? `The first of ${kept.length} that stay as they are: ${first.weight} of ${first.operator}, because ${first.reason}`
    : 'It has no MatMul or Gemm by a constant matrix, and no Gather from a constant table';
  return new InvalidInputError(
    'NOTHING_TO_QUANTISE',
    `The model has no weights that can be quantised. ${why}. Convolutions and trees stay as they are; "strata optimise" makes those faster.`,
  );
}

/** Every name in the model, so that new ones differ. */
function namesOf(model: OnnxModel): Set<string> {
  const { graphs, nodes, tensors } = partsOf(model);
  return new Set([
    ...nodes.flatMap(({ name, input, output }) => [name, ...input, ...output]),
    ...tensors.map(({ name }) => name),
    ...graphs.flatMap(({ input, output }) => [...input, ...output].map(({ name }) => name)),
  ]);
}

/** Removes weights that nothing uses any longer. */
function dropUnused(model: OnnxModel, candidates: ReadonlySet<string>): void {
  const { graphs, nodes } = partsOf(model);
  const used = new Set([
    ...nodes.flatMap(({ input }) => input),
    ...graphs.flatMap(({ output }) => output.map(({ name }) => name)),
  ]);
  const isLeft = (name: string) => !candidates.has(name) || used.has(name);
  for (const graph of graphs) {
    graph.initializer = graph.initializer.filter(({ name }) => isLeft(name));
    graph.node = graph.node.filter(
      ({ opType, output }) => opType !== 'Constant' || output.some(isLeft) || output.length === 0,
    );
  }
}
