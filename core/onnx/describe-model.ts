import { InvalidInputError } from '../errors.ts';
import { isExternal } from './external-data.ts';
import type { ModelDescription } from './model-description.ts';
import { partsOf } from './model-parts.ts';
import { type OnnxModel, parseOnnx } from './onnx-file.ts';
import { IR_VERSIONS, OPSETS, RUNTIME } from './runtime-limits.ts';
import type { NodeProto, TensorProto } from './schema/onnx_pb.ts';
import { inputSpec, outputSpec } from './tensor-spec.ts';

/**
 * Reads what an ONNX file says of itself, and refuses a model that could not be served.
 *
 * Free dimensions are -1. An input is optional when the file has an initializer of the same name (from IR version 4 on).
 * Before IR version 4 every weight stands among the inputs and is a constant; those are left out.
 * Source: ONNX IR specification, "Graphs", and its version history.
 *
 * @param bytes the whole file
 * @throws InvalidInputError `NOT_ONNX`, `UNSUPPORTED_IR_VERSION`, `UNSUPPORTED_OPSET`, `UNSUPPORTED_OPERATOR_DOMAIN`,
 *   `UNSUPPORTED_TENSOR_TYPE`, `EXTERNAL_DATA_UNSUPPORTED`
 */
export function describeModel(bytes: Uint8Array): ModelDescription {
  const model = parseOnnx(bytes);
  refuseExternalData(partsOf(model).tensors);
  return descriptionOf(model);
}

/**
 * What a parsed model says of itself, wherever its weights are. Refuses what `describeModel` refuses, but for
 * `NOT_ONNX` and `EXTERNAL_DATA_UNSUPPORTED`.
 */
export function descriptionOf(model: OnnxModel): ModelDescription {
  const irVersion = checkedIrVersion(model);
  const { nodes } = partsOf(model);
  const used = nodes.filter((node) => !isCall(model, node));
  refuseForeignDomains(used);
  return {
    irVersion,
    opsets: checkedOpsets(model),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    operators: [...new Set(used.map(operatorName))].sort(),
    inputs: inputs(model, irVersion),
    outputs: model.graph.output.map(outputSpec),
  };
}

function checkedIrVersion(model: OnnxModel): number {
  const version = Number(model.irVersion);
  const { oldest, newest } = IR_VERSIONS;
  if (version >= oldest && version <= newest) return version;
  throw new InvalidInputError(
    'UNSUPPORTED_IR_VERSION',
    `The model has IR version ${version}; ${RUNTIME} takes ${oldest} to ${newest}. ${version > newest ? `In Python: import onnx; m = onnx.load("model.onnx"); m.ir_version = ${newest}; onnx.save(m, "lower-ir.onnx")` : 'Export it again with a current onnx package.'}`,
  );
}

function checkedOpsets(model: OnnxModel): Record<string, number> {
  const imports = [...model.opsetImport, ...model.functions.flatMap((each) => each.opsetImport)].map(
    (each) => [domainName(each.domain), Number(each.version)] as const,
  );
  for (const [domain, version] of imports) {
    const range = OPSETS.get(domain);
    if (range && (version < range.oldest || version > range.newest)) {
      throw new InvalidInputError(
        'UNSUPPORTED_OPSET',
        `The model uses version ${version} of the operator set ${domain}; ${RUNTIME} takes ${range.oldest} to ${range.newest}. ${otherOpset(domain, version < range.oldest ? range.oldest : range.newest)}`,
      );
    }
  }
  const ofModel = imports.slice(0, model.opsetImport.length);
  if (ofModel.length === 0) {
    throw new InvalidInputError('UNSUPPORTED_OPSET', 'The model names no operator set. Export it again.');
  }
  return Object.fromEntries(ofModel.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** onnx itself converts its own operator set only; for the others the exporter has to be told. */
function otherOpset(domain: string, version: number): string {
  return domain === 'ai.onnx'
    ? `Export it with opset_version=${version}, or in Python: from onnx import load, save, version_converter; save(version_converter.convert_version(load("model.onnx"), ${version}), "opset-${version}.onnx")`
    : `Export it for version ${version} of that set; with skl2onnx: target_opset={"${domain}": ${version}}.`;
}

function refuseForeignDomains(nodes: readonly NodeProto[]): void {
  const foreign = nodes.find((node) => !OPSETS.has(domainName(node.domain)));
  if (!foreign) return;
  const advice =
    foreign.domain === 'com.microsoft.nchwc'
      ? 'The file was optimised for one processor; upload the original, or one optimised at level "extended"'
      : `${RUNTIME} has only ${[...OPSETS.keys()].join(', ')}. Export the model without custom operators`;
  throw new InvalidInputError(
    'UNSUPPORTED_OPERATOR_DOMAIN',
    `The operator ${operatorName(foreign)} (node "${foreign.name}") is of the domain ${foreign.domain}. ${advice}.`,
  );
}

function refuseExternalData(tensors: readonly TensorProto[]): void {
  const outside = tensors.find(isExternal);
  if (!outside) return;
  const file = outside.externalData.find(({ key }) => key === 'location')?.value ?? 'another file';
  throw new InvalidInputError(
    'EXTERNAL_DATA_UNSUPPORTED',
    `The weights "${outside.name}" stand outside the model, in ${file}. Save it as one file: onnx.save(onnx.load("model.onnx"), "one-file.onnx"); models above 2 GB cannot be served.`,
  );
}

function inputs(model: OnnxModel, irVersion: number) {
  const { input, initializer, sparseInitializer } = model.graph;
  const defaults = new Set([
    ...initializer.map(({ name }) => name),
    ...sparseInitializer.flatMap(({ values }) => (values ? [values.name] : [])),
  ]);
  const callable = irVersion < 4 ? input.filter(({ name }) => !defaults.has(name)) : input;
  return callable.map((value) => inputSpec(value, defaults.has(value.name)));
}

/** Whether a node calls a function that the model brings along; its body is looked at instead. */
function isCall(model: OnnxModel, node: NodeProto): boolean {
  return model.functions.some(
    (each) => each.name === node.opType && domainName(each.domain) === domainName(node.domain),
  );
}

function operatorName({ domain, opType }: NodeProto): string {
  const name = domainName(domain);
  return name === 'ai.onnx' ? opType : `${name}::${opType}`;
}

/** The default domain is written as the empty string or by its name. */
function domainName(domain: string): string {
  return domain === '' ? 'ai.onnx' : domain;
}
