"""Predictions of a served model for rows with named columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
import requests

from strata_ml.deployment import Deployment, connect
from strata_ml.errors import InvalidInputError, RefusedError, StrataError, UnavailableError
from strata_ml.protocol import LENGTH_HEADER, decode_response, encode_request
from strata_ml.tensors import Rows, TensorSpec, as_rows, tensors

# A function takes 6 MB in base64, which is 4.5 MB; texts of headers and shapes come on top.
REQUEST_BYTES = 3_000_000

TOO_LARGE = {"REQUEST_TOO_LARGE", "RESPONSE_TOO_LARGE"}


@dataclass(frozen=True)
class Predictions(Mapping[str, np.ndarray]):
    """Arrays by the name of the output, rows first: `predictions["probabilities"]`.

    Attributes:
        model: name of the model.
        version: the version that answered.
        ids: prediction id of each request that it took, for the feedback; one request unless there are many rows.
    """

    outputs: Mapping[str, np.ndarray]
    model: str
    version: str | None
    ids: tuple[str, ...]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.outputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)


def predict(
    name: str,
    X: Rows,
    *,
    version: str | int | None = None,
    outputs: Sequence[str] | None = None,
    deployment: Deployment | None = None,
    timeout: float = 60,
) -> Predictions:
    """Asks a served model.

    Named columns are the model's inputs of these names, in any order; columns that it does not have are left out.
    Many rows go in several requests.

    Args:
        name: of the model.
        X: a DataFrame, an array [rows, columns], tensors by name, or a list of dictionaries.
        version: number of a version, or an alias; what the alias `champion` points at unless given.
        outputs: which ones are wanted, all unless given.
        deployment: where; `connect()` unless given.
        timeout: seconds that one request may take.

    Raises:
        InvalidInputError: when X does not have what the model takes; found out before anything is sent.
        RefusedError: with the code of the endpoint, for example `MODEL_NOT_FOUND`, `NO_CHAMPION`.
        UnavailableError: `ENDPOINT_UNREACHABLE`, or the code of the endpoint.
    """
    deployment = deployment or connect()
    path = f"{deployment.endpoint}/v2/models/{quote(name, safe='')}"
    if version is not None:
        path += f"/versions/{quote(str(version), safe='')}"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {deployment.token('infer')}"
        metadata = _asked(session, "GET", path, timeout).json()
        specs = [TensorSpec(each["name"], each["datatype"], tuple(each["shape"])) for each in metadata["inputs"]]
        if outputs is not None:
            _check_outputs(outputs, [each["name"] for each in metadata["outputs"]])
        feeds = tensors(as_rows(X), specs)
        answers = list(_answers(session, f"{path}/infer", _pieces(feeds, specs), outputs, timeout))
    documents = [document for document, _ in answers]
    return Predictions(
        {each: np.concatenate([arrays[each] for _, arrays in answers]) for each in answers[0][1]}
        if len(answers) > 1
        else answers[0][1],
        name,
        documents[0].get("model_version"),
        tuple(
            document["parameters"]["prediction_id"]
            for document in documents
            if "prediction_id" in document.get("parameters", {})
        ),
    )


Answer = tuple[dict[str, Any], dict[str, np.ndarray]]


def _answers(
    session: requests.Session,
    address: str,
    pieces: list[dict[str, np.ndarray]],
    outputs: Sequence[str] | None,
    timeout: float,
) -> Iterator[Answer]:
    for piece in pieces:
        body, headers = encode_request(piece, outputs)
        try:
            answer = _asked(session, "POST", address, timeout, data=body, headers=headers)
        except RefusedError as error:
            rows = _common_rows(piece)
            if error.code not in TOO_LARGE or rows is None or rows < 2:
                raise
            yield from _answers(session, address, _cut(piece, rows, rows - rows // 2), outputs, timeout)
        else:
            yield decode_response(answer.content, answer.headers.get(LENGTH_HEADER))


def _pieces(feeds: dict[str, np.ndarray], specs: Sequence[TensorSpec]) -> list[dict[str, np.ndarray]]:
    rows = _common_rows(feeds)
    if rows is None or rows < 2 or any(spec.shape[:1] != (-1,) for spec in specs):
        return [feeds]
    size = len(encode_request(feeds, None)[0])
    return _cut(feeds, rows, max(1, rows * REQUEST_BYTES // size)) if size > REQUEST_BYTES else [feeds]


def _cut(feeds: dict[str, np.ndarray], rows: int, most: int) -> list[dict[str, np.ndarray]]:
    return [{name: array[start : start + most] for name, array in feeds.items()} for start in range(0, rows, most)]


def _common_rows(feeds: Mapping[str, np.ndarray]) -> int | None:
    counts = {array.shape[0] if array.ndim > 0 else None for array in feeds.values()}
    return counts.pop() if len(counts) == 1 else None


def _check_outputs(wanted: Sequence[str], there: Sequence[str]) -> None:
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise InvalidInputError(
            "UNKNOWN_OUTPUT", f"The model has no output {unknown[0]!r}; it has {', '.join(map(repr, there))}."
        )


def _asked(session: requests.Session, method: str, address: str, timeout: float, **request: Any) -> requests.Response:
    try:
        answer = session.request(method, address, timeout=timeout, **request)
    except requests.RequestException as error:
        raise UnavailableError(
            "ENDPOINT_UNREACHABLE", f"{address} does not answer ({type(error).__name__}); check the address."
        ) from error
    if answer.ok:
        return answer
    raise refusal(answer)


def refusal(answer: requests.Response) -> StrataError:
    """The error that an answer of the API tells: its code and message, or its status where it has none."""
    try:
        told = answer.json()
    except ValueError:
        told = {}
    code = told.get("error_code") or f"HTTP_{answer.status_code}"
    message = told.get("error") or told.get("message") or f"The API answered {answer.status_code} {answer.reason}."
    kind = UnavailableError if answer.status_code >= 500 or answer.status_code == 429 else RefusedError
    return kind(code, message)
