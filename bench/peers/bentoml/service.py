"""
BentoML with one worker and adaptive batching: https://docs.bentoml.com/en/latest/guides/adaptive-batching.html.

The concurrency is that of a batch, as https://docs.bentoml.com/en/latest/guides/concurrency.html advises where requests
are batched.
"""

import os

import bentoml
from onnx_model import OnnxModel
from row_types import answer_type, row_type

described = OnnxModel(os.environ["PEER_MODEL"])
Row = row_type(described)
Answer = answer_type(described)


@bentoml.service(workers=1, traffic={"timeout": 30, "concurrency": 64}, logging={"access": {"enabled": False}})
class Predict:
    def __init__(self):
        self.model = described

    @bentoml.api(route="/predict", batchable=True, max_batch_size=64)
    def predict(self, rows: list[Row]) -> list[Answer]:
        return self.model.run([row.__dict__ for row in rows])
