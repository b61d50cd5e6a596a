"""Rows become what a model takes, or an error that names the column."""

import json

import numpy as np
import pandas as pd
import pytest

from strata_ml.errors import InvalidInputError
from strata_ml.protocol import decode_response, encode_request
from strata_ml.samples import chosen_rows, samples_document
from strata_ml.tensors import NUMPY_TYPES, TensorSpec, as_rows, tensors, typed


def column(name, datatype="FP32"):
    return TensorSpec(name, datatype, (-1, 1))


def test_columns_are_found_by_name_whatever_their_order_and_others_left_out():
    rows = as_rows(pd.DataFrame({"c": [9, 9], "b": ["x", None], "a": [1, None]}))
    made = tensors(rows, [column("a"), column("b", "BYTES")])
    np.testing.assert_array_equal(made["a"], np.array([[1], [np.nan]], dtype=np.float32))
    assert made["b"].tolist() == [["x"], [""]]


def test_dictionaries_are_rows():
    made = tensors(as_rows([{"a": 1.5}, {"a": 2.5}]), [column("a")])
    assert made["a"].tolist() == [[1.5], [2.5]]


def test_a_frame_is_a_matrix_for_a_model_with_one_input():
    made = tensors(as_rows(pd.DataFrame({"a": [1], "b": [2]})), [TensorSpec("X", "FP32", (-1, 2))])
    assert made["X"].tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("rows", "specs", "code"),
    [
        (pd.DataFrame({"a": [1]}), [column("a"), column("b")], "MISSING_COLUMNS"),
        (np.ones((1, 2)), [column("a"), column("b")], "MISSING_COLUMNS"),
        (np.ones((1, 3)), [TensorSpec("X", "FP32", (-1, 2))], "WRONG_COLUMN_COUNT"),
        (pd.DataFrame({"a": ["one"]}), [column("a")], "INVALID_VALUES"),
        (pd.DataFrame({"a": [1, None]}), [column("a", "INT64")], "INVALID_VALUES"),
        (pd.DataFrame({"a": [1.5]}), [column("a", "INT64")], "INVALID_VALUES"),
        (pd.DataFrame({"a": [300]}), [column("a", "UINT8")], "INVALID_VALUES"),
    ],
)
def test_what_does_not_fit_is_refused(rows, specs, code):
    with pytest.raises(InvalidInputError) as raised:
        tensors(as_rows(rows), specs)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (pd.Series([1.0]), "INVALID_ROWS"),
        ([1.0, 2.0], "INVALID_ROWS"),
        (pd.DataFrame([[1, 2]]), "INVALID_COLUMN_NAMES"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "INVALID_COLUMN_NAMES"),
    ],
)
def test_what_is_no_table_is_refused(rows, code):
    with pytest.raises(InvalidInputError) as raised:
        as_rows(rows)
    assert raised.value.code == code


@pytest.mark.parametrize("datatype", NUMPY_TYPES)
def test_every_datatype_comes_back_as_it_went(datatype):
    texts = np.array([["ü"], [""], ["日本"]], dtype=object)
    array = texts if datatype == "BYTES" else typed(np.array([[0], [1], [1]]), datatype, "x")
    body, headers = encode_request({"x": array}, None)
    length = headers["Inference-Header-Content-Length"]
    answer = body.replace(b'"inputs"', b'"outputs"')
    document, arrays = decode_response(answer, str(int(length) + 1))
    assert document["outputs"][0]["datatype"] == datatype
    np.testing.assert_array_equal(arrays["x"], array)


def test_an_answer_in_json_is_read_as_well():
    numbers = {"name": "p", "datatype": "FP32", "shape": [2], "data": [0.5, None]}
    texts = {"name": "l", "datatype": "BYTES", "shape": [1], "data": ["a"]}
    _, arrays = decode_response(json.dumps({"outputs": [numbers, texts]}).encode(), None)
    np.testing.assert_array_equal(arrays["p"], np.array([0.5, np.nan], dtype=np.float32))
    assert arrays["l"].tolist() == ["a"]


def test_samples_hold_the_same_numbers():
    numbers = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    numbers[3, 1] = np.nan
    (made,) = samples_document({"x": numbers}, {}, chosen_rows(50, 50, 0))["inputs"]
    read = np.array([np.nan if value is None else value for value in made["data"]]).astype(np.float32)
    np.testing.assert_array_equal(read.reshape(made["shape"]), numbers)


def test_a_sample_is_the_same_for_the_same_seed():
    first, again, other = (chosen_rows(10_000, 100, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert len(set(first.tolist())) == 100
    assert not np.array_equal(first, other)
