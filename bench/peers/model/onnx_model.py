"""The model behind every peer: one thread of onnxruntime, rows of JSON in, rows of JSON out."""

import numpy as np
import onnxruntime as ort

DTYPES = {"tensor(float)": np.float32, "tensor(string)": object}


class OnnxModel:
    def __init__(self, path):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.dtypes = {node.name: DTYPES[node.type] for node in self.session.get_inputs()}
        self.outputs = [node.name for node in self.session.get_outputs()]

    def run(self, rows):
        """Answers rows in one run: a dictionary by the names of inputs for each, by the names of outputs back."""
        feeds = {
            name: np.array([row[name] for row in rows], dtype).reshape(len(rows), -1)
            for name, dtype in self.dtypes.items()
        }
        results = [output.tolist() for output in self.session.run(None, feeds)]
        return [dict(zip(self.outputs, row)) for row in zip(*results)]
