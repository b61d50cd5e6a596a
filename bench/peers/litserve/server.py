"""
LitServe with one worker, batching and its faster queue: https://lightning.ai/docs/litserve/features/batching,
https://lightning.ai/docs/litserve/api-reference/litserver.
"""

import os

import litserve as ls
from onnx_model import OnnxModel


class Predict(ls.LitAPI):
    def setup(self, device):
        self.model = OnnxModel(os.environ["PEER_MODEL"])

    def decode_request(self, request):
        return request

    def batch(self, inputs):
        return list(inputs)

    def predict(self, rows):
        return self.model.run(rows)

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return output


if __name__ == "__main__":
    api = Predict(max_batch_size=64, batch_timeout=0.001)
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PEER_PORT"]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
        access_log=False,
    )
