"""The Open Inference Protocol's binary form: a JSON document, then the bytes of the tensors."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from strata_ml.tensors import NUMPY_TYPES, datatype_of

LENGTH_HEADER = "Inference-Header-Content-Length"


def encode_request(inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None) -> tuple[bytes, dict[str, str]]:
    """A request that sends and asks for bytes.

    Returns:
        The body, and the headers that say how to read it.
    """
    described, raw = [], []
    for name, array in inputs.items():
        data = _bytes_of(array)
        raw.append(data)
        described.append(
            {
                "name": name,
                "datatype": datatype_of(array),
                "shape": list(array.shape),
                "parameters": {"binary_data_size": len(data)},
            }
        )
    document: dict[str, Any] = {"inputs": described, "parameters": {"binary_data_output": True}}
    if outputs is not None:
        document["outputs"] = [{"name": name, "parameters": {"binary_data": True}} for name in outputs]
    head = json.dumps(document).encode()
    headers = {"Content-Type": "application/octet-stream", LENGTH_HEADER: str(len(head))}
    return b"".join([head, *raw]), headers


def decode_response(body: bytes, header_length: str | None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The document of an answer, and its outputs by name."""
    length = len(body) if header_length is None else int(header_length)
    document = json.loads(body[:length])
    arrays, offset = {}, length
    for output in document["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            flat = _of_json(output["data"], output["datatype"])
        else:
            flat = _of_bytes(body[offset : offset + size], output["datatype"])
            offset += size
        arrays[output["name"]] = flat.reshape(output["shape"])
    return document, arrays


def _bytes_of(array: np.ndarray) -> bytes:
    if array.dtype != object:
        return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
    texts = [value if isinstance(value, bytes) else str(value).encode() for value in array.ravel()]
    return b"".join(part for text in texts for part in (len(text).to_bytes(4, "little"), text))


def _of_bytes(data: bytes, datatype: str) -> np.ndarray:
    if datatype != "BYTES":
        return np.frombuffer(data, dtype=NUMPY_TYPES[datatype]).copy()
    texts, offset = [], 0
    while offset < len(data):
        end = offset + 4 + int.from_bytes(data[offset : offset + 4], "little")
        texts.append(data[offset + 4 : end].decode())
        offset = end
    return np.array(texts, dtype=object)


def _of_json(data: Any, datatype: str) -> np.ndarray:
    if datatype == "BYTES":
        return np.array(data, dtype=object)
    return np.array([np.nan if value is None else value for value in np.ravel(np.array(data, dtype=object))]).astype(
        NUMPY_TYPES[datatype]
    )
