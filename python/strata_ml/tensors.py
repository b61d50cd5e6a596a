"""Rows as named tensors: what a model's inputs are made of, locally and on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from strata_ml.errors import InvalidInputError

# Datatypes of the Open Inference Protocol, and how numpy holds them.
NUMPY_TYPES: dict[str, np.dtype] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    "BYTES": np.dtype(object),
}


def datatype_of(array: np.ndarray) -> str:
    """The datatype of the Open Inference Protocol that an array has."""
    if array.dtype.kind in "OUS":
        return "BYTES"
    return next(name for name, held in NUMPY_TYPES.items() if held == array.dtype.newbyteorder("<"))


@dataclass(frozen=True)
class TensorSpec:
    """An input or output as a model describes it.

    Attributes:
        shape: -1 where a dimension is free.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]


Rows = Any
"""A DataFrame, an array of shape [rows, columns], a mapping of names to arrays, or a list of dictionaries."""


def as_rows(X: Rows) -> pd.DataFrame | np.ndarray | Mapping[str, np.ndarray]:
    """Rows in one of three forms: named columns, a matrix, or tensors by name.

    Raises:
        InvalidInputError: `INVALID_ROWS`, `INVALID_COLUMN_NAMES`.
    """
    if isinstance(X, pd.Series):
        raise InvalidInputError(
            "INVALID_ROWS", "A Series is one column: give X.to_frame(), or X.to_frame().T for one row."
        )
    if isinstance(X, Sequence) and not isinstance(X, str) and X and all(isinstance(row, Mapping) for row in X):
        X = pd.DataFrame(list(X))
    if isinstance(X, pd.DataFrame):
        return _checked_names(X)
    if isinstance(X, Mapping):
        return {name: np.asarray(values) for name, values in X.items()}
    if hasattr(X, "toarray"):
        X = X.toarray()
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise InvalidInputError("INVALID_ROWS", f"X is no table: {error}.") from error
    if array.ndim < 2:
        raise InvalidInputError(
            "INVALID_ROWS", f"X has the shape {list(array.shape)}; rows are [rows, columns]: for one row give [row]."
        )
    return array


def _checked_names(frame: pd.DataFrame) -> pd.DataFrame:
    odd = [name for name in frame.columns if not isinstance(name, str) or not name]
    if odd:
        raise InvalidInputError(
            "INVALID_COLUMN_NAMES",
            f"Columns are inputs by their names, which are texts; {odd[0]!r} is none: X.columns = "
            "X.columns.astype(str)",
        )
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice) > 0:
        raise InvalidInputError("INVALID_COLUMN_NAMES", f"X has more than one column {twice[0]!r}; rename or drop one.")
    return frame


def tensors(
    rows: pd.DataFrame | np.ndarray | Mapping[str, np.ndarray], inputs: Sequence[TensorSpec]
) -> dict[str, np.ndarray]:
    """Rows as the inputs that a model asks for. Further columns are left out: a model may use only some.

    Raises:
        InvalidInputError: `MISSING_COLUMNS`, `WRONG_COLUMN_COUNT`, `INVALID_VALUES`.
    """
    if isinstance(rows, np.ndarray):
        return {inputs[0].name: _matrix(rows, inputs)}
    missing = [spec.name for spec in inputs if spec.name not in rows]
    if not missing:
        return {spec.name: _reshaped(rows[spec.name], spec) for spec in inputs}
    if isinstance(rows, pd.DataFrame) and len(inputs) == 1 and len(inputs[0].shape) == 2:
        return {inputs[0].name: _matrix(rows.to_numpy(), inputs)}
    there = ", ".join(map(repr, rows)) or "none"
    raise InvalidInputError(
        "MISSING_COLUMNS", f"The model needs {', '.join(map(repr, missing))}, which X does not have; it has {there}."
    )


def _matrix(rows: np.ndarray, inputs: Sequence[TensorSpec]) -> np.ndarray:
    if len(inputs) != 1:
        names = ", ".join(repr(spec.name) for spec in inputs)
        raise InvalidInputError(
            "MISSING_COLUMNS", f"The model takes named columns: give X as a DataFrame with {names}."
        )
    (spec,) = inputs
    if len(spec.shape) != rows.ndim or any(
        size not in (-1, had) for size, had in zip(spec.shape, rows.shape, strict=True)
    ):
        wanted = ", ".join("any" if size == -1 else str(size) for size in spec.shape)
        raise InvalidInputError(
            "WRONG_COLUMN_COUNT", f"X has the shape {list(rows.shape)}, the model takes [{wanted}] as {spec.name!r}."
        )
    return typed(rows, spec.datatype, spec.name)


def _reshaped(values: pd.Series | np.ndarray, spec: TensorSpec) -> np.ndarray:
    array = typed(values, spec.datatype, spec.name)
    if array.ndim == 1 and len(spec.shape) == 2 and spec.shape[1] in (1, -1):
        return array.reshape(-1, 1)
    return array


def typed(values: pd.Series | np.ndarray, datatype: str, name: str) -> np.ndarray:
    """Values in the form of a datatype. Missing texts become empty, missing numbers NaN.

    Raises:
        InvalidInputError: `INVALID_VALUES` when there are values that the datatype cannot hold.
    """
    if datatype == "BYTES":
        return _texts(np.asarray(values, dtype=object))
    wanted = NUMPY_TYPES[datatype]
    try:
        if isinstance(values, pd.Series) and wanted.kind == "f":
            array = values.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            array = np.asarray(values)
        if wanted.kind == "f":
            return np.ascontiguousarray(array, dtype=wanted)
        return _exact(array, wanted)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInputError("INVALID_VALUES", f"{name!r} takes {datatype}: {error}.") from error


def _texts(values: np.ndarray) -> np.ndarray:
    empty = pd.isna(values)
    return np.where(empty, "", np.array([str(value) for value in values.ravel()], dtype=object).reshape(values.shape))


def _exact(array: np.ndarray, wanted: np.dtype) -> np.ndarray:
    """Whole numbers and truth values; a value that would change is an error."""
    numbers = np.asarray(array, dtype=wanted if array.dtype.kind in "biu" else np.float64)
    if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
        raise ValueError("a value is missing, and whole numbers have no form for that")
    cast = numbers.astype(wanted)
    if not np.array_equal(cast.astype(object), np.asarray(array, dtype=object)):
        raise ValueError("a value is no whole number of that size")
    return np.ascontiguousarray(cast)
