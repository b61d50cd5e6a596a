"""
KServe's Python server with a custom model and one worker:
https://kserve.github.io/website/docs/model-serving/predictive-inference/frameworks/custom-predictor/custom-predictor.
Batching is done by an agent beside the server, in Kubernetes; the Python server has none.
"""

import os

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid
from onnx_model import OnnxModel


class Predict(Model):
    def __init__(self, name):
        super().__init__(name)
        self.load()

    def load(self):
        self.model = OnnxModel(os.environ["PEER_MODEL"])
        self.ready = True

    async def predict(self, payload: InferRequest, headers=None, response_headers=None) -> InferResponse:
        feeds = {tensor.name: array(tensor) for tensor in payload.inputs}
        results = self.model.session.run(None, feeds)
        outputs = [output(name, result) for name, result in zip(self.model.outputs, results)]
        return InferResponse(response_id=payload.id or generate_uuid(), model_name=self.name, infer_outputs=outputs)


def array(tensor):
    values = tensor.as_numpy()
    return values.astype(str).astype(object) if tensor.datatype == "BYTES" else values


def output(name, result):
    datatype = "BYTES" if result.dtype == object else "FP32"
    tensor = InferOutput(name, list(result.shape), datatype)
    tensor.set_data_from_numpy(result, binary_data=False)
    return tensor


if __name__ == "__main__":
    ModelServer(
        http_port=int(os.environ["PEER_PORT"]),
        workers=1,
        enable_grpc=False,
        enable_latency_logging=False,
    ).start([Predict("model")])
