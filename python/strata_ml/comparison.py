"""Whether the ONNX form predicts what the original predicts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime

from strata_ml.conversion import Converted
from strata_ml.errors import ConversionError, PredictionsDifferError
from strata_ml.original import Original
from strata_ml.tensors import tensors


@dataclass(frozen=True)
class Tolerance:
    """What is near enough: a distance of `absolute + relative * |expected|`.

    Attributes:
        different: share of the rows that may be further off, from 0 to 1.
    """

    relative: float = 1e-3
    absolute: float = 1e-5
    different: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """How far the two are apart.

    Attributes:
        rows: how many rows were compared.
        different: how many of them differ by more than the tolerance.
        max_difference: largest distance of two numbers.
    """

    rows: int
    different: int
    max_difference: float


def original_outputs(original: Original, X: Any) -> dict[str, np.ndarray]:
    """What the original predicts, by the names of the ONNX form's outputs.

    Raises:
        ConversionError: `ORIGINAL_FAILED`.
    """
    try:
        outputs = {original.outputs[0]: np.asarray(original.model.predict(X))}
        if "probabilities" in original.outputs:
            outputs["probabilities"] = np.asarray(original.model.predict_proba(X))
    # Whatever the model raises about rows that are not what it was trained on.
    except Exception as error:
        raise ConversionError(
            "ORIGINAL_FAILED", f"The model itself does not predict X: {type(error).__name__}: {error}"
        ) from error
    return outputs


def onnx_outputs(converted: Converted, rows: Any) -> dict[str, np.ndarray]:
    """What the ONNX form predicts, by name.

    Raises:
        ConversionError: `ONNX_FAILED`.
    """
    feeds = tensors(rows, converted.inputs)
    try:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            converted.proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return dict(zip(converted.outputs, session.run(list(converted.outputs), feeds), strict=True))
    # onnxruntime's exceptions have no base of their own.
    except Exception as error:
        raise ConversionError("ONNX_FAILED", f"onnxruntime does not run the ONNX form: {str(error)[:300]}") from error


def compare(expected: dict[str, np.ndarray], actual: dict[str, np.ndarray], tolerance: Tolerance) -> Comparison:
    """Compares row by row: labels have to be equal, numbers near.

    Raises:
        PredictionsDifferError: `PREDICTIONS_DIFFER`.
    """
    rows = len(next(iter(expected.values())))
    differs = np.zeros(rows, dtype=bool)
    farthest = 0.0
    for name, given in expected.items():
        wanted, got = given.reshape(rows, -1), np.asarray(actual[name]).reshape(rows, -1)
        if wanted.shape != got.shape:
            raise PredictionsDifferError(
                "PREDICTIONS_DIFFER",
                f"{name} has {got.shape[1]} columns in the ONNX form and {wanted.shape[1]} in the original.",
            )
        if name == "label":
            differs |= (wanted != got).any(axis=1)
            continue
        close = np.isclose(got, wanted, rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True)
        differs |= ~close.all(axis=1)
        farthest = max(farthest, float(np.nanmax(np.abs(got - wanted), initial=0.0)))
    different = int(differs.sum())
    if different > tolerance.different * rows:
        raise _differ(expected, actual, int(np.argmax(differs)), Comparison(rows, different, farthest))
    return Comparison(rows, different, farthest)


def _differ(
    expected: dict[str, np.ndarray], actual: dict[str, np.ndarray], row: int, found: Comparison
) -> PredictionsDifferError:
    name = next((each for each in expected if not np.array_equal(expected[each][row], actual[each][row])), "label")
    return PredictionsDifferError(
        "PREDICTIONS_DIFFER",
        f"{found.different} of {found.rows} rows differ between the original and its ONNX form (largest distance "
        f"{found.max_difference:.3g}); first row {row}, {name}: {_shown(expected[name][row])} became "
        f"{_shown(actual[name][row])}. Nothing was pushed. Numbers are rounded to 32 bits, "
        "which precision='float64' keeps; empty texts stand for missing ones; rtol, atol and allow_different say what "
        "is near enough.",
    )


def _shown(value: Any) -> str:
    return np.array2string(np.asarray(value).ravel()[:5], precision=6)
