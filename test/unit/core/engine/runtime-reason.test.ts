import { describe, expect, it } from 'vitest';
import { runtimeReason } from '../../../../core/engine/runtime-reason.ts';

const reason = (message: string) => runtimeReason(new Error(message));

describe("the runtime's reason", () => {
  it('keeps what the operator says, and drops where in its sources it says so', () => {
    expect(
      reason(
        "Non-zero status code returned while running Sub node. Name:'sub_1' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/math/element_wise_ops.h:583 void onnxruntime::BroadcastIterator::Append(ptrdiff_t, ptrdiff_t) axis == 1 || axis == largest was false. Attempting to broadcast an axis by a dimension other than 1. 2 by 3\n",
      ),
    ).toBe(
      'operator Sub ("sub_1"): axis == 1 || axis == largest was false. Attempting to broadcast an axis by a dimension other than 1. 2 by 3',
    );
  });

  it('drops signatures with templates and nested parentheses', () => {
    expect(
      reason(
        '/src/model.cc:202 onnxruntime::Model::Model(onnx::ModelProto&&, const std::function<void(int)>&, const Logger&) const [with int OpSet = 9; std::string = std::basic_string<char>] Unsupported model IR version: 14, max supported IR version: 13',
      ),
    ).toBe('Unsupported model IR version: 14, max supported IR version: 13');
  });

  it('drops paths of files', () => {
    expect(reason('Load model from /tmp/models/ab12.onnx failed:Protobuf parsing failed.')).toBe(
      'Load model failed: Protobuf parsing failed.',
    );
    expect(reason('Load model C:\\Users\\me\\m.onnx failed')).toBe('Load model failed');
  });

  it('leaves a message without any of this as it is', () => {
    const message = 'Unexpected input data type. Actual: (tensor(int32)) , expected: (tensor(float))';
    expect(reason(message)).toBe(message);
    expect(runtimeReason('thrown text')).toBe('thrown text');
  });
});
