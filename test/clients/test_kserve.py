"""KServe's inference client with its default settings, against the deployed API."""

import asyncio
import sys

import httpx
import numpy as np
import pytest

# Importing kserve parses the arguments of the process, which are not meant for it.
sys.argv = sys.argv[:1]
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig  # noqa: E402
from kserve.protocol.infer_type import RequestedOutput  # noqa: E402


def run(endpoint, call):
    async def main():
        async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
            return await call(client)

    return asyncio.run(main())


def request(model: str, inputs: list[InferInput], outputs: list[str] | None = None) -> InferRequest:
    wanted = [RequestedOutput(name) for name in outputs] if outputs else None
    return InferRequest(model_name=model, infer_inputs=inputs, request_outputs=wanted)


def tensor(name: str, datatype: str, array: np.ndarray, binary: bool) -> InferInput:
    made = InferInput(name, list(array.shape), datatype)
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def test_server_is_live_and_ready(endpoint, headers):
    assert run(endpoint, lambda client: client.is_server_live(endpoint, headers=headers))
    assert run(endpoint, lambda client: client.is_server_ready(endpoint, headers=headers))


def test_model_is_ready(endpoint, headers):
    assert run(endpoint, lambda client: client.is_model_ready(endpoint, "penguins", headers=headers))
    assert not run(endpoint, lambda client: client.is_model_ready(endpoint, "walruses", headers=headers))


@pytest.mark.parametrize("binary", [True, False])
def test_answers_the_golden_rows(endpoint, headers, penguins, golden, binary):
    inputs = [tensor(name, datatype, array, binary) for name, (datatype, array) in penguins.items()]
    answer = run(
        endpoint,
        lambda client: client.infer(endpoint, request("penguins", inputs), model_name="penguins", headers=headers),
    )
    by_name = {output.name: output.as_numpy() for output in answer.outputs}
    labels = [value.decode() if isinstance(value, bytes) else value for value in by_name["label"].ravel()]
    assert labels == golden["expected"]["label"]
    np.testing.assert_allclose(by_name["probabilities"], np.reshape(golden["expected"]["probabilities"], (-1, 3)), atol=1e-6)


def test_answers_a_plain_document(endpoint, headers):
    document = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [0.1, 2.5]}]}
    answer = run(
        endpoint,
        lambda client: client.infer(endpoint, document, model_name="identity_fp64", headers=headers),
    )
    assert answer.outputs[0].as_numpy().tolist() == [[0.1, 2.5]]


def test_errors_reach_the_caller_in_words(endpoint, headers):
    inputs = [tensor("x", "FP32", np.ones((1, 2), dtype=np.float32), True)]
    with pytest.raises(httpx.HTTPStatusError, match="walruses.*404"):
        run(
            endpoint,
            lambda client: client.infer(endpoint, request("walruses", inputs), model_name="walruses", headers=headers),
        )


def test_a_missing_token_is_said_in_words(endpoint):
    inputs = [tensor("x", "FP32", np.ones((1, 2), dtype=np.float32), True)]
    with pytest.raises(httpx.HTTPStatusError, match="Bearer.*401"):
        run(
            endpoint,
            lambda client: client.infer(endpoint, request("penguins", inputs), model_name="penguins"),
        )
