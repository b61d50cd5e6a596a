"""mosec with one worker process and dynamic batching: https://mosecorg.github.io/mosec/reference/interface.html."""

import os

from mosec import Server, Worker
from onnx_model import OnnxModel


class Predict(Worker):
    def __init__(self):
        self.model = OnnxModel(os.environ["PEER_MODEL"])

    def forward(self, rows):
        return self.model.run(rows)


if __name__ == "__main__":
    server = Server()
    server.append_worker(Predict, num=1, max_batch_size=64, max_wait_time=1, route="/predict")
    server.run()
