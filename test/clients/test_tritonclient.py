"""tritonclient.http with its default settings, against the deployed API."""

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

DTYPES = [
    np.bool_, np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.int16, np.int32, np.int64,
    np.float16, np.float32, np.float64, np.object_,
]  # fmt: skip


@pytest.fixture(scope="module")
def client(endpoint):
    scheme, _, address = endpoint.partition("://")
    with triton.InferenceServerClient(address, ssl=scheme == "https") as client:
        yield client


def tensor(name: str, array: np.ndarray, **options) -> triton.InferInput:
    made = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array, **options)
    return made


def sample(dtype) -> np.ndarray:
    if dtype is np.object_:
        return np.array([["ab", "ü", ""], ["x", "y" * 300, "漢"]], dtype=np.object_)
    return (np.arange(6).reshape(2, 3) % 2 if dtype is np.bool_ else np.arange(6).reshape(2, 3)).astype(dtype)


def same(expected: np.ndarray, got: np.ndarray) -> bool:
    if expected.dtype == np.object_:
        return [str(v) for v in expected.ravel()] == [
            v.decode() if isinstance(v, bytes) else v for v in got.ravel()
        ] and expected.shape == got.shape
    return expected.dtype == got.dtype and np.array_equal(expected, got)


class TestServer:
    def test_is_live_and_ready(self, client, headers):
        assert client.is_server_live(headers=headers)
        assert client.is_server_ready(headers=headers)

    def test_tells_what_it_is(self, client, headers):
        metadata = client.get_server_metadata(headers=headers)
        assert metadata["name"] == "strata"
        assert "binary_tensor_data" in metadata["extensions"]

    def test_is_not_live_without_a_token(self, client):
        assert not client.is_server_live()

    def test_lists_its_models(self, client, headers):
        index = client.get_model_repository_index(headers=headers)
        assert {"name": "penguins", "version": "1", "state": "READY", "reason": ""} in index


class TestModel:
    @pytest.mark.parametrize("version", ["", "1", "champion"])
    def test_is_ready(self, client, headers, version):
        assert client.is_model_ready("penguins", version, headers=headers)

    def test_is_not_ready_when_there_is_none(self, client, headers):
        assert not client.is_model_ready("walruses", headers=headers)

    def test_describes_its_inputs_and_outputs(self, client, headers):
        metadata = client.get_model_metadata("penguins", headers=headers)
        assert {"name": "island", "datatype": "BYTES", "shape": [-1, 1]} in metadata["inputs"]
        assert {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]} in metadata["outputs"]

    def test_has_a_configuration(self, client, headers):
        assert client.get_model_config("penguins", headers=headers)["name"] == "penguins"


class TestInference:
    @pytest.mark.parametrize("binary_in", [True, False])
    @pytest.mark.parametrize("binary_out", [True, False])
    def test_answers_the_golden_rows(self, client, headers, penguins, golden, binary_in, binary_out):
        inputs = [tensor(name, array, binary_data=binary_in) for name, (_, array) in penguins.items()]
        outputs = [
            triton.InferRequestedOutput(name, binary_data=binary_out) for name in ("probabilities", "label")
        ]
        answer = client.infer("penguins", inputs, outputs=outputs, headers=headers)
        labels = [v.decode() if isinstance(v, bytes) else v for v in answer.as_numpy("label")]
        assert labels == golden["expected"]["label"]
        np.testing.assert_allclose(answer.as_numpy("probabilities"), np.reshape(golden["expected"]["probabilities"], (-1, 3)), atol=1e-6)

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("binary", [True, False])
    def test_gives_back_what_it_was_given(self, client, headers, dtype, binary):
        array = sample(dtype)
        name = f"identity_{np_to_triton_dtype(array.dtype).lower()}"
        answer = client.infer(
            name,
            [tensor("x", array, binary_data=binary)],
            outputs=[triton.InferRequestedOutput("y", binary_data=binary)],
            headers=headers,
        )
        assert same(array, answer.as_numpy("y"))

    def test_works_with_nothing_but_inputs(self, client, headers):
        array = sample(np.float32)
        assert same(array, client.infer("identity_fp32", [tensor("x", array)], headers=headers).as_numpy("y"))

    @pytest.mark.parametrize("asked", [None, "gzip", "deflate"])
    @pytest.mark.parametrize("sent", [None, "gzip", "deflate"])
    def test_works_compressed(self, client, headers, sent, asked):
        array = np.arange(3000, dtype=np.float32).reshape(30, 100)
        answer = client.infer(
            "identity_fp32",
            [tensor("x", array)],
            headers=headers,
            request_compression_algorithm=sent,
            response_compression_algorithm=asked,
        )
        assert same(array, answer.as_numpy("y"))

    def test_echoes_the_id(self, client, headers):
        answer = client.infer("identity_fp32", [tensor("x", sample(np.float32))], request_id="42", headers=headers)
        assert answer.get_response()["id"] == "42"

    def test_classifies(self, client, headers):
        array = np.array([[0.1, 0.7, 0.2]], dtype=np.float32)
        output = triton.InferRequestedOutput("y", class_count=2)
        answer = client.infer("identity_fp32", [tensor("x", array)], outputs=[output], headers=headers)
        classes = [value.decode() for value in answer.as_numpy("y").ravel()]
        assert [entry.split(":")[1] for entry in classes] == ["1", "2"]

    def test_runs_in_the_background(self, client, headers):
        array = sample(np.int64)
        pending = [client.async_infer("identity_int64", [tensor("x", array)], headers=headers) for _ in range(4)]
        assert all(same(array, request.get_result().as_numpy("y")) for request in pending)


class TestErrors:
    def test_reach_the_caller_in_words(self, client, headers):
        with pytest.raises(InferenceServerException, match="walruses"):
            client.infer("walruses", [tensor("x", sample(np.float32))], headers=headers)

    def test_name_the_tensor(self, client, headers):
        with pytest.raises(InferenceServerException, match="x"):
            client.infer("identity_fp32", [tensor("x", sample(np.int32))], headers=headers)

    def test_say_that_the_token_is_missing(self, client):
        with pytest.raises(InferenceServerException, match="Bearer"):
            client.infer("identity_fp32", [tensor("x", sample(np.float32))])
