"""The ONNX form of a model that was seen to predict the same."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from strata_ml.comparison import Comparison, Tolerance, compare, onnx_outputs, original_outputs
from strata_ml.conversion import Converted, convert
from strata_ml.errors import InvalidInputError, PredictionsDifferError, StrataError
from strata_ml.original import Original

PRECISIONS = {"auto": ("float32", "float64"), "float32": ("float32",), "float64": ("float64",)}


@dataclass(frozen=True)
class CheckedConversion:
    """Attributes:
    precision: `float32` or `float64`.
    outputs: what the ONNX form predicts for the rows that were compared.
    """

    converted: Converted
    precision: str
    comparison: Comparison
    outputs: dict[str, np.ndarray]


def checked_conversion(
    original: Original, rows: pd.DataFrame | np.ndarray, *, precision: str, tolerance: Tolerance, most: int
) -> CheckedConversion:
    """Converts and compares on the first rows.

    Args:
        precision: `auto` tries 32 bits, and 64 where these predict something else: a value that lies on the edge of a
            tree's split falls to the other side when it is rounded.
        most: how many rows are compared.

    Raises:
        PredictionsDifferError: `PREDICTIONS_DIFFER`, of 32 bits where 64 are no better.
        ConversionError: see `convert`.
        InvalidInputError: `INVALID_PRECISION`, and see `convert`.
    """
    if precision not in PRECISIONS:
        raise InvalidInputError(
            "INVALID_PRECISION", f"precision is {', '.join(map(repr, PRECISIONS))}, not {precision!r}."
        )
    compared = rows[:most]
    expected = original_outputs(original, compared)
    first: PredictionsDifferError | None = None
    for each in PRECISIONS[precision]:
        try:
            converted = convert(original, rows, precision=each)
            outputs = onnx_outputs(converted, compared)
            return CheckedConversion(converted, each, compare(expected, outputs, tolerance), outputs)
        except PredictionsDifferError as error:
            first = first or error
        except StrataError as error:
            # Not every converter writes 64 bits; then the difference is what there is to say.
            raise first or error from error
    assert first is not None
    raise first
