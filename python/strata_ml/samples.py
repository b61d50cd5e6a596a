"""Rows with what the model makes of them, as a request and its answer in the Open Inference Protocol."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from strata_ml.tensors import datatype_of


def chosen_rows(rows: int, most: int, seed: int) -> np.ndarray:
    """Row numbers of a random sample without repetition, ascending; the same for the same seed."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, size=most, replace=False))


def samples_document(
    inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray], rows: Sequence[int] | np.ndarray
) -> dict[str, Any]:
    """`{"inputs": […], "outputs": […]}`, each `{name, datatype, shape, data}`; data is flat, NaN is null."""
    return {
        "inputs": [_tensor(name, array[rows]) for name, array in inputs.items()],
        "outputs": [_tensor(name, array[rows]) for name, array in outputs.items()],
    }


def _tensor(name: str, array: np.ndarray) -> dict[str, Any]:
    return {
        "name": name,
        "datatype": datatype_of(array),
        "shape": list(array.shape),
        "data": [_plain(value) for value in array.ravel()],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, np.floating):
        # The shortest text that reads as the same number, which for 32 bits is not that of the same number in 64.
        return float(str(value)) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
