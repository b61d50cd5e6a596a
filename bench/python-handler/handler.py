"""A function for one model, as onnxruntime and the Lambda developer guide would have it written in Python."""

import base64
import json
import os

import numpy as np
import onnxruntime as ort

TYPES = {"FP32": np.float32, "INT64": np.int64, "BYTES": object}

session = ort.InferenceSession(os.environ["MODEL_PATH"], providers=["CPUExecutionProvider"])
outputs = [output.name for output in session.get_outputs()]


def handler(event, context):
    body = event["body"]
    if event["isBase64Encoded"]:
        body = base64.b64decode(body)
    request = json.loads(body)
    feeds = {
        tensor["name"]: np.array(tensor["data"], dtype=TYPES[tensor["datatype"]]).reshape(tensor["shape"])
        for tensor in request["inputs"]
    }
    results = session.run(outputs, feeds)
    answer = [
        {"name": name, "shape": list(result.shape), "data": result.ravel().tolist()}
        for name, result in zip(outputs, results)
    ]
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"outputs": answer}),
    }
