"""
FastAPI, one process of uvicorn with uvloop and httptools: https://fastapi.tiangolo.com/deployment/server-workers/.

The path operation is `async def`, since there is nothing to wait for (https://fastapi.tiangolo.com/async/): a thread
for each request costs more than it gains on one core. FastAPI merges nothing.
"""

import os

from fastapi import FastAPI
from onnx_model import OnnxModel
from row_types import answer_type, row_type

model = OnnxModel(os.environ["PEER_MODEL"])
Row = row_type(model)
Answer = answer_type(model)
app = FastAPI()


@app.post("/predict")
async def predict(row: Row) -> Answer:
    return model.run([row.__dict__])[0]
