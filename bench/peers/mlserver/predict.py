"""
MLServer with adaptive batching: https://docs.seldon.ai/mlserver/user-guide/adaptive-batching; a custom runtime:
https://docs.seldon.ai/mlserver/user-guide/custom. Inference in the process that answers, without a pool of workers
(https://docs.seldon.ai/mlserver/user-guide/parallel-inference): on one core the pool gains nothing.
"""

import os

from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse
from onnx_model import OnnxModel

import numpy as np


class Predict(MLModel):
    async def load(self) -> bool:
        self.model = OnnxModel(os.environ["PEER_MODEL"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        feeds = {tensor.name: array(tensor) for tensor in payload.inputs}
        results = self.model.session.run(None, feeds)
        return InferenceResponse(
            model_name=self.name,
            outputs=[output(name, result) for name, result in zip(self.model.outputs, results)],
        )


def array(tensor):
    if tensor.datatype == "BYTES":
        return np.array(StringCodec.decode_input(tensor), dtype=object).reshape(tensor.shape)
    return NumpyCodec.decode_input(tensor)


def output(name, result):
    if result.dtype == object:
        return StringCodec.encode_output(name, result.tolist(), use_bytes=False)
    return NumpyCodec.encode_output(name, result)
