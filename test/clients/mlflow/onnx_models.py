"""Small and large ONNX models, made here: a matrix product, whose weights are as large as wanted."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def linear_model(size_bytes: int) -> onnx.ModelProto:
    """y = x W, with as many bytes of weights as wanted, which are not all the same."""
    outputs = max(1, size_bytes // (4 * 4))
    weights = np.random.default_rng(7).normal(size=(4, outputs)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, outputs])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model
