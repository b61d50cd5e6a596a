"""Writes the tiny ONNX files that the tests load, beside this file.

    python -m venv .cache/onnx && .cache/onnx/bin/pip install onnx==1.23.2
    .cache/onnx/bin/python test/support/models/build_models.py

The output is the same bytes every time. Opset and IR version are old on purpose: any runtime of the last years opens them.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
OPSET = 17
IR_VERSION = 8

# Open Inference Protocol datatype -> ONNX element type
DATATYPES = {
    "BOOL": TensorProto.BOOL,
    "UINT8": TensorProto.UINT8,
    "UINT16": TensorProto.UINT16,
    "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64,
    "INT8": TensorProto.INT8,
    "INT16": TensorProto.INT16,
    "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64,
    "FP16": TensorProto.FLOAT16,
    "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE,
    "BYTES": TensorProto.STRING,
}


def tensor(name, element_type, shape):
    return helper.make_tensor_value_info(name, element_type, shape)


def node(operator, inputs, outputs, **attributes):
    return helper.make_node(operator, inputs, outputs, name=f"{operator.lower()}_{outputs[0]}", **attributes)


def model(name, nodes, inputs, outputs, initializers=(), opsets=None, ir_version=IR_VERSION):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    imports = [helper.make_opsetid(domain, version) for domain, version in (opsets or {"": OPSET}).items()]
    return helper.make_model(
        graph, opset_imports=imports, ir_version=ir_version, producer_name="strata-tests", producer_version="1"
    )


def save(name, built, check=True):
    if check:
        onnx.checker.check_model(built, full_check=True)
    (HERE / f"{name}.onnx").write_bytes(built.SerializeToString(deterministic=True))


def identity(name, element_type, shape):
    return model(
        name, [node("Identity", ["x"], ["y"])], [tensor("x", element_type, shape)], [tensor("y", element_type, shape)]
    )


def identities():
    """x [n, m] -> y [n, m], one file for each datatype."""
    for datatype, element_type in DATATYPES.items():
        save(f"identity_{datatype.lower()}", identity("identity", element_type, ["n", "m"]))
    save("fixed", identity("fixed", TensorProto.FLOAT, [2, 2]))
    save("vector_bytes", identity("vector_bytes", TensorProto.STRING, [1]))
    save("scalar", identity("scalar", TensorProto.FLOAT, []))
    save("bf16", identity("bf16", TensorProto.BFLOAT16, ["n"]))


def add_sub():
    """a, b [n, 4] -> sum, difference [n, 4]."""
    row = ["n", 4]
    save(
        "add_sub",
        model(
            "add_sub",
            [node("Add", ["a", "b"], ["sum"]), node("Sub", ["a", "b"], ["difference"])],
            [tensor("a", TensorProto.FLOAT, row), tensor("b", TensorProto.FLOAT, row)],
            [tensor("sum", TensorProto.FLOAT, row), tensor("difference", TensorProto.FLOAT, row)],
        ),
    )


def double():
    """x [n, m] -> y = x + x [n, m]."""
    shape = ["n", "m"]
    save(
        "double",
        model(
            "double",
            [node("Add", ["x", "x"], ["y"])],
            [tensor("x", TensorProto.FLOAT, shape)],
            [tensor("y", TensorProto.FLOAT, shape)],
        ),
    )


def constant():
    """No input -> y [3] = 1, 2, 3."""
    value = numpy_helper.from_array(np.array([1, 2, 3], np.float32), "value")
    save("constant", model("constant", [node("Constant", [], ["y"], value=value)], [], [tensor("y", TensorProto.FLOAT, [3])]))


def optional_input():
    """x [n, 2], scale [1] (2 unless given) -> y = x * scale."""
    save(
        "optional_input",
        model(
            "optional_input",
            [node("Mul", ["x", "scale"], ["y"])],
            [tensor("x", TensorProto.FLOAT, ["n", 2]), tensor("scale", TensorProto.FLOAT, [1])],
            [tensor("y", TensorProto.FLOAT, ["n", 2])],
            [numpy_helper.from_array(np.array([2], np.float32), "scale")],
        ),
    )


def ir3():
    """x [n, 2] -> y = x @ w [n, 2]; w stands among the inputs, as IR version 3 demands of every weight."""
    save(
        "ir3",
        model(
            "ir3",
            [node("MatMul", ["x", "w"], ["y"])],
            [tensor("x", TensorProto.FLOAT, ["n", 2]), tensor("w", TensorProto.FLOAT, [2, 2])],
            [tensor("y", TensorProto.FLOAT, ["n", 2])],
            [numpy_helper.from_array(np.array([[0, 1], [1, 0]], np.float32), "w")],
            {"": 9},
            3,
        ),
    )


def sequence_output():
    """x [n, 2] -> label [n], probabilities sequence<map<int64, float>>, as scikit-learn's ZipMap gives."""
    probabilities = helper.make_value_info(
        "probabilities",
        helper.make_sequence_type_proto(
            helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
        ),
    )
    save(
        "sequence_output",
        model(
            "sequence_output",
            [
                node("ArgMax", ["x"], ["label"], axis=1, keepdims=0),
                helper.make_node("ZipMap", ["x"], ["probabilities"], domain="ai.onnx.ml", classlabels_int64s=[0, 1]),
            ],
            [tensor("x", TensorProto.FLOAT, ["n", 2])],
            [tensor("label", TensorProto.INT64, ["n"]), probabilities],
            opsets={"": OPSET, "ai.onnx.ml": 1},
        ),
        check=False,  # the checker's shape inference knows no map types
    )


def branches():
    """x [n], flag [] -> y = flag ? |x| : -x; operators that stand only in subgraphs and in a function."""
    out = [tensor("out", TensorProto.FLOAT, ["n"])]
    then_branch = helper.make_graph([node("Abs", ["x"], ["out"])], "then", [], out)
    else_branch = helper.make_graph([helper.make_node("Flip", ["x"], ["out"], domain="strata.tests")], "else", [], out)
    flip = helper.make_function(
        "strata.tests", "Flip", ["v"], ["w"], [node("Neg", ["v"], ["w"])], [helper.make_opsetid("", OPSET)]
    )
    built = model(
        "branches",
        [node("If", ["flag"], ["y"], then_branch=then_branch, else_branch=else_branch)],
        [tensor("x", TensorProto.FLOAT, ["n"]), tensor("flag", TensorProto.BOOL, [])],
        [tensor("y", TensorProto.FLOAT, ["n"])],
        opsets={"": OPSET, "strata.tests": 1},
    )
    built.functions.append(flip)
    save("branches", built)


def external_data():
    """x [n, 2] -> y = x @ w; the weights stand in external_data.bin."""
    weights = np.array([[1, 2], [3, 4]], np.float32)
    (HERE / "external_data.bin").write_bytes(weights.tobytes())
    initializer = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL
    )
    for key, value in {"location": "external_data.bin", "offset": "0", "length": str(weights.nbytes)}.items():
        initializer.external_data.add(key=key, value=value)
    save(
        "external_data",
        model(
            "external_data",
            [node("MatMul", ["x", "w"], ["y"])],
            [tensor("x", TensorProto.FLOAT, ["n", 2])],
            [tensor("y", TensorProto.FLOAT, ["n", 2])],
            [initializer],
        ),
        check=False,  # a model in memory has no folder in which the checker could look for the data
    )


def custom_domain():
    """x [n] -> y by an operator that no runtime has."""
    save(
        "custom_domain",
        model(
            "custom_domain",
            [helper.make_node("Mystery", ["x"], ["y"], domain="com.example")],
            [tensor("x", TensorProto.FLOAT, ["n"])],
            [tensor("y", TensorProto.FLOAT, ["n"])],
            opsets={"": OPSET, "com.example": 1},
        ),
        check=False,
    )


if __name__ == "__main__":
    for build in (
        identities,
        add_sub,
        double,
        constant,
        optional_input,
        ir3,
        sequence_output,
        branches,
        external_data,
        custom_domain,
    ):
        build()
