"""Small changes of a converted graph, so that every model looks the same from outside."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def without_zipmaps(model: onnx.ModelProto) -> None:
    """Probabilities as a tensor [rows, classes], not as a list of maps, which no tensor protocol carries."""
    graph = model.graph
    for node in [each for each in graph.node if each.op_type == "ZipMap"]:
        graph.node.remove(node)
        _rename(graph, node.output[0], node.input[0])
        for output in graph.output:
            if output.name == node.input[0]:
                output.CopyFrom(helper.make_tensor_value_info(node.input[0], TensorProto.FLOAT, [None, None]))


def name_inputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Gives the inputs these names, in their order: the converters put `_` where a name has anything but letters."""
    graph = model.graph
    for each in list(graph.input):
        _rename(graph, each.name, _free_name(graph, each.name))
    for each, name in zip(graph.input, names, strict=True):
        if name in _names(graph):
            _rename(graph, name, _free_name(graph, name))
        _rename(graph, each.name, name)


def name_outputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Gives the first outputs these names, and takes the others away."""
    graph = model.graph
    del graph.output[len(names) :]
    for i, output in enumerate(graph.output):
        # The name may be that of something inside.
        if names[i] != output.name:
            _rename(graph, names[i], _free_name(graph, names[i]))
            _rename(graph, output.name, names[i])


def split_input(model: onnx.ModelProto, matrix: str, columns: Sequence[str]) -> None:
    """An input [rows, 1] for each column instead of one [rows, columns]."""
    graph = model.graph
    (whole,) = [each for each in graph.input if each.name == matrix]
    element = whole.type.tensor_type.elem_type
    inner = _free_name(graph, matrix)
    _rename(graph, matrix, inner)
    for column in columns:
        if column in _names(graph):
            _rename(graph, column, _free_name(graph, column))
    graph.input.remove(next(each for each in graph.input if each.name == inner))
    graph.input.extend(helper.make_tensor_value_info(column, element, [None, 1]) for column in columns)
    graph.node.insert(0, helper.make_node("Concat", list(columns), [inner], axis=1, name=f"{inner}_columns"))


def round_before_trees(model: onnx.ModelProto) -> None:
    """Rounds what trees of 64 bits compare to 32, as the originals do before they compare."""
    graph = model.graph
    for at, node in reversed(list(enumerate(graph.node))):
        if not node.op_type.startswith("TreeEnsemble"):
            continue
        given = node.input[0]
        rounded, wide = _free_name(graph, f"{given}_rounded"), _free_name(graph, f"{given}_wide")
        node.input[0] = wide
        graph.node.insert(at, helper.make_node("Cast", [rounded], [wide], to=TensorProto.DOUBLE, name=wide))
        graph.node.insert(at, helper.make_node("Cast", [given], [rounded], to=TensorProto.FLOAT, name=rounded))


def widen_imputers(model: onnx.ModelProto, statistics: Sequence[np.ndarray]) -> None:
    """Fills in missing numbers of 64 bits by plain operators: onnxruntime has the imputer for 32 alone.

    Args:
        statistics: what the imputers of the original fill in, of which the node keeps 32 bits.
    """
    graph = model.graph
    for at, node in reversed(list(enumerate(graph.node))):
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        # Marked by another value than NaN, or whole numbers.
        if node.op_type != "Imputer" or not np.isnan(attributes.get("replaced_value_float", 0)):
            continue
        floats = np.array(attributes["imputed_value_floats"], dtype=np.float32)
        exact = next(
            (each for each in statistics if np.array_equal(each.astype(np.float32), floats)), floats.astype(np.float64)
        )
        filling, missing = _free_name(graph, "filling"), _free_name(graph, "missing")
        graph.initializer.append(numpy_helper.from_array(exact.astype(np.float64).reshape(1, -1), filling))
        graph.node.remove(node)
        given = node.input[0]
        graph.node.insert(at, helper.make_node("Where", [missing, filling, given], [node.output[0]], name=filling))
        graph.node.insert(at, helper.make_node("IsNaN", [given], [missing], name=missing))


def drop_unused_inputs(model: onnx.ModelProto) -> set[str]:
    """Takes inputs away that nothing reads.

    Returns:
        Names of the inputs that stay.
    """
    graph = model.graph
    read = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    for unused in [each for each in graph.input if each.name not in read]:
        graph.input.remove(unused)
    return {each.name for each in graph.input}


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name == old:
                    names[i] = new
    for each in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        if each.name == old:
            each.name = new


def _names(graph: onnx.GraphProto) -> set[str]:
    inside = {name for node in graph.node for name in (*node.input, *node.output)}
    return inside | {each.name for each in (*graph.input, *graph.output, *graph.initializer)}


def _free_name(graph: onnx.GraphProto, name: str) -> str:
    taken = _names(graph)
    i = 1
    while f"{name}_{i}" in taken:
        i += 1
    return f"{name}_{i}"
