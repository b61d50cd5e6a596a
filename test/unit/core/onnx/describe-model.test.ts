import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { sessionOptions } from '../../../../core/engine/session-options.ts';
import { InvalidInputError } from '../../../../core/errors.ts';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { parseOnnx } from '../../../../core/onnx/onnx-file.ts';
import { IR_VERSIONS, OPSETS } from '../../../../core/onnx/runtime-limits.ts';
import {
  type ModelProto,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType,
  TypeProtoSchema,
} from '../../../../core/onnx/schema/onnx_pb.ts';
import { DATATYPES } from '../../../../core/tensor/tensor.ts';
import { modelFile } from '../../../support/models/model-file.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1';

/** A copy of a test model with a change. */
function changed(name: string, change: (model: ModelProto) => void): Uint8Array {
  const model = parseOnnx(modelFile(name));
  change(model);
  return toBinary(ModelProtoSchema, model);
}

/** Whether the real runtime opens the bytes. */
async function opens(bytes: Uint8Array): Promise<boolean> {
  try {
    await (await InferenceSession.create(bytes, sessionOptions({ threads: 1 }))).release();
    return true;
  } catch {
    return false;
  }
}

describe('what a model says of itself', () => {
  it('names versions, producer, operators, inputs and outputs', () => {
    expect(describeModel(modelFile('add_sub'))).toEqual({
      irVersion: 8,
      opsets: { 'ai.onnx': 17 },
      producer: 'strata-tests 1',
      operators: ['Add', 'Sub'],
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [-1, 4] },
        { name: 'b', datatype: 'FP32', shape: [-1, 4] },
      ],
      outputs: [
        { name: 'sum', datatype: 'FP32', shape: [-1, 4] },
        { name: 'difference', datatype: 'FP32', shape: [-1, 4] },
      ],
    });
  });

  it.each(DATATYPES)('knows the datatype %s', (datatype) => {
    const { inputs, outputs } = describeModel(modelFile(`identity_${datatype.toLowerCase()}`));
    expect(inputs).toEqual([{ name: 'x', datatype, shape: [-1, -1] }]);
    expect(outputs).toEqual([{ name: 'y', datatype, shape: [-1, -1] }]);
  });

  it('gives fixed dimensions as they are, and a scalar no dimension', () => {
    expect(describeModel(modelFile('fixed')).inputs).toEqual([
      { name: 'x', datatype: 'FP32', shape: [2, 2] },
    ]);
    expect(describeModel(modelFile('scalar')).inputs).toEqual([{ name: 'x', datatype: 'FP32', shape: [] }]);
  });

  it('has no input when the graph has none', () => {
    expect(describeModel(modelFile('constant')).inputs).toEqual([]);
  });

  it('calls an input with an initializer optional from IR version 4 on', () => {
    expect(describeModel(modelFile('optional_input')).inputs).toEqual([
      { name: 'x', datatype: 'FP32', shape: [-1, 2] },
      { name: 'scale', datatype: 'FP32', shape: [1], optional: true },
    ]);
  });

  it('takes it for a weight before IR version 4, as the runtime does', async () => {
    const session = await InferenceSession.create(modelFile('ir3'));
    const names = describeModel(modelFile('ir3')).inputs.map(({ name }) => name);
    expect(names).toEqual(['x']);
    expect(names).toEqual(session.inputNames);
  });

  it('lists operators of branches and functions, and not the calls of functions', () => {
    expect(describeModel(modelFile('branches')).operators).toEqual(['Abs', 'If', 'Neg']);
  });

  it('writes the domain before an operator outside the default one', () => {
    const model = changed('add_sub', ({ graph, opsetImport }) => {
      for (const node of graph?.node.slice(0, 1) ?? [])
        Object.assign(node, { domain: 'ai.onnx.ml', opType: 'Scaler' });
      opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'ai.onnx.ml', version: 3n }));
    });
    const { operators, opsets } = describeModel(model);
    expect(operators).toEqual(['Sub', 'ai.onnx.ml::Scaler']);
    expect(opsets).toEqual({ 'ai.onnx': 17, 'ai.onnx.ml': 3 });
  });

  it('knows the default domain by its name too', () => {
    const model = changed('add_sub', ({ graph, opsetImport }) => {
      for (const each of [...(graph?.node ?? []), ...opsetImport]) each.domain = 'ai.onnx';
    });
    expect(describeModel(model)).toEqual(describeModel(modelFile('add_sub')));
  });

  it('describes an output of unknown rank as one free dimension', () => {
    const model = changed('add_sub', ({ graph }) => {
      for (const { type } of graph?.output ?? []) {
        if (type?.value.case === 'tensorType') type.value.value.shape = undefined;
      }
    });
    expect(describeModel(model).outputs.map(({ shape }) => shape)).toEqual([[-1], [-1]]);
  });
});

describe('limits are those of the runtime', () => {
  const beyondIr = [IR_VERSIONS.newest + 1, 100];

  it.each([IR_VERSIONS.oldest, IR_VERSIONS.newest])('IR version %i is taken', async (version) => {
    const model = changed('fixed', (each) => {
      each.irVersion = BigInt(version);
    });
    expect(describeModel(model).irVersion).toBe(version);
    expect(await opens(model)).toBe(true);
  });

  it.each(beyondIr)('IR version %i is refused', async (version) => {
    const model = changed('fixed', (each) => {
      each.irVersion = BigInt(version);
    });
    expect(() => describeModel(model)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_IR_VERSION' }));
    expect(await opens(model)).toBe(false);
  });

  const withOpset = (domain: string, version: number) =>
    changed('fixed', (each) => {
      if (domain === 'ai.onnx') each.opsetImport = [];
      // Written as exporters do: the runtime checks no bound when the default domain stands there by name.
      const written = domain === 'ai.onnx' ? '' : domain;
      each.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: written, version: BigInt(version) }));
    });

  it.each([...OPSETS])('the newest opset of %s is the last that opens', async (domain, { newest }) => {
    expect(describeModel(withOpset(domain, newest)).opsets[domain]).toBe(newest);
    expect(await opens(withOpset(domain, newest))).toBe(true);
    expect(() => describeModel(withOpset(domain, newest + 1))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_OPSET', message: expect.stringContaining(domain) }),
    );
    expect(await opens(withOpset(domain, newest + 1))).toBe(false);
  });

  it('refuses opsets that the runtime does not promise to run, and a model that names none', () => {
    expect(() => describeModel(withOpset('ai.onnx', 6))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_OPSET' }),
    );
    const none = changed('fixed', (each) => {
      each.opsetImport = [];
    });
    expect(() => describeModel(none)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_OPSET' }));
  });

  it('refuses an operator of a domain that the runtime has not', async () => {
    expect(() => describeModel(modelFile('custom_domain'))).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_OPERATOR_DOMAIN',
        message: expect.stringContaining('com.example::Mystery'),
      }),
    );
    expect(await opens(modelFile('custom_domain'))).toBe(false);
  });

  it('refuses a file that was optimised for one processor, although the runtime opens it', () => {
    const model = changed('fixed', ({ graph }) => {
      for (const node of graph?.node ?? [])
        Object.assign(node, { domain: 'com.microsoft.nchwc', opType: 'ReorderInput' });
    });
    expect(() => describeModel(model)).toThrow(/optimised for one processor/);
  });
});

describe('what cannot be carried to a client', () => {
  const refusal = (message: RegExp) =>
    expect.objectContaining({ code: 'UNSUPPORTED_TENSOR_TYPE', message: expect.stringMatching(message) });

  it('is a sequence of maps; the message knows what to do for scikit-learn', () => {
    expect(() => describeModel(modelFile('sequence_output'))).toThrow(
      refusal(/"probabilities" is a sequence.*"zipmap": False/),
    );
  });

  it('is BF16, and every other element type without a name in the protocol', () => {
    expect(() => describeModel(modelFile('bf16'))).toThrow(refusal(/"x" has the element type BFLOAT16/));
    const { COMPLEX64, COMPLEX128, FLOAT8E4M3FN, INT4, UNDEFINED } = TensorProto_DataType;
    for (const elemType of [COMPLEX64, COMPLEX128, FLOAT8E4M3FN, INT4, UNDEFINED, 999]) {
      const model = changed('fixed', ({ graph }) => {
        for (const { type } of graph?.output ?? []) {
          if (type?.value.case === 'tensorType') type.value.value.elemType = elemType;
        }
      });
      expect(() => describeModel(model)).toThrow(refusal(/output "y" has the element type/));
    }
  });

  it('is an input of unknown rank, and a value of no type', () => {
    const rankless = changed('fixed', ({ graph }) => {
      for (const { type } of graph?.input ?? []) {
        if (type?.value.case === 'tensorType') type.value.value.shape = undefined;
      }
    });
    expect(() => describeModel(rankless)).toThrow(refusal(/how many dimensions/));
    const typeless = changed('fixed', ({ graph }) => {
      for (const each of graph?.output ?? []) each.type = create(TypeProtoSchema);
    });
    expect(() => describeModel(typeless)).toThrow(refusal(/no declared type/));
  });

  it('is a weight in another file; the message names both, and how to save one file', () => {
    expect(() => describeModel(modelFile('external_data'))).toThrow(
      expect.objectContaining({
        code: 'EXTERNAL_DATA_UNSUPPORTED',
        message: expect.stringMatching(/"w" stand outside the model, in external_data\.bin.*onnx\.save/),
      }),
    );
  });
});

describe('arbitrary bytes', () => {
  const outcome = (bytes: Uint8Array) => {
    try {
      return describeModel(bytes);
    } catch (error) {
      return error;
    }
  };

  const models = fc.constantFrom('add_sub', 'branches', 'optional_input', 'ir3').map(modelFile);

  it("are refused as the caller's mistake", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(outcome(bytes)).toBeInstanceOf(InvalidInputError);
      }),
    );
  });

  it('are refused when they are a model that was cut off', () => {
    fc.assert(
      fc.property(models, fc.nat(), (bytes, cut) => {
        expect(outcome(bytes.subarray(0, cut % bytes.length))).toBeInstanceOf(InvalidInputError);
      }),
    );
  });

  it('are described or refused, and nothing else, when they are a model with one byte changed', () => {
    fc.assert(
      fc.property(models, fc.nat(), fc.nat(255), (bytes, place, value) => {
        const result = outcome(bytes.map((byte, index) => (index === place % bytes.length ? value : byte)));
        expect(result).toSatisfy((each) => each instanceof InvalidInputError || !(each instanceof Error));
      }),
      { numRuns: 1000 },
    );
  });
});
