"""What a request and its answer hold, for servers that check them with pydantic."""

from pydantic import create_model


def row_type(model):
    return dictionary_of("Row", model.session.get_inputs())


def answer_type(model):
    return dictionary_of("Answer", model.session.get_outputs())


def dictionary_of(name, nodes):
    return create_model(name, **{node.name: (json_type(node), ...) for node in nodes})


def json_type(node):
    scalar = str if node.type == "tensor(string)" else float
    return list[scalar] if len(node.shape) > 1 and node.shape[1] != 1 else scalar
