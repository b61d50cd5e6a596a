"""A trained model becomes a version of the registry."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import pandas as pd

from strata_ml.checked_conversion import checked_conversion
from strata_ml.comparison import Comparison, Tolerance
from strata_ml.deployment import Deployment, connect
from strata_ml.errors import InvalidInputError
from strata_ml.measured import Measured, measured
from strata_ml.metrics import metrics_of
from strata_ml.model_folder import write_model_folder
from strata_ml.original import Original, original_of
from strata_ml.registry import Registry
from strata_ml.tensors import Rows, as_rows, tensors

# More rows say nothing new of a conversion, and take a minute of a large forest.
COMPARED_ROWS = 10_000


@dataclass(frozen=True)
class LoggedVersion:
    """A version that was admitted.

    Attributes:
        version: its number, as text.
        measured: what the registry measured when it admitted the version.
        comparison: how near the ONNX form is to the original.
        metrics: measures of the ONNX form's predictions of X; empty without y.
        aliases: what points at it by this call.
    """

    name: str
    version: str
    measured: Measured
    comparison: Comparison
    metrics: Mapping[str, float]
    aliases: tuple[str, ...]


def log_model(
    model: Any,
    X: Rows,
    name: str,
    y: Any = None,
    *,
    alias: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    run_id: str | None = None,
    deployment: Deployment | None = None,
    precision: str = "auto",
    rtol: float = 1e-3,
    atol: float = 1e-5,
    allow_different: float = 0.0,
    golden_rows: int = 20,
    reference_rows: int = 1_000,
    seed: int = 0,
    timeout: float = 300,
) -> LoggedVersion:
    """Converts a model to ONNX, checks it against the original, pushes it, and waits until it is admitted.

    Nothing is sent before the ONNX form predicts what the original predicts. A sample of the rows of X is stored with
    the version: `golden_rows` that admission runs, `reference_rows` that later traffic is compared with. Leave columns
    that must not be stored out of the model, or set both to 0.

    Args:
        model: a trained classifier or regressor of scikit-learn, XGBoost or LightGBM, or a pipeline of them.
        X: rows as the model was trained on, best ones that it has not seen; names and types of the inputs are those
            of its columns.
        name: of the registered model; a new one is made.
        y: truth of these rows; then measures of the predictions are stored as tags `metric.<measure>`.
        alias: alias that is to point at the version once it is admitted; `champion` takes the scope `deploy`.
        description: text of the version.
        tags: tags of the version.
        run_id: MLflow run of this registry that the model comes from.
        deployment: where; `connect()` unless given.
        precision: `float32`, `float64`, or `auto`: 64 bits only where 32 predict something else.
        rtol: part of a number that the ONNX form may be off.
        atol: distance that it may be off besides.
        allow_different: share of the rows that may differ by more, from 0 to 1.
        golden_rows: how many rows are stored as golden samples.
        reference_rows: how many rows are stored as reference sample.
        seed: of the samples.
        timeout: seconds to wait for admission.

    Raises:
        InvalidInputError: X, y or an argument is not what it has to be.
        ConversionError: the model cannot be written as ONNX.
        PredictionsDifferError: the ONNX form predicts something else.
        RefusedError: the registry refuses, with its code and message.
        AdmissionFailedError: the version was pushed and is not admitted.
    """
    rows = as_rows(X)
    if not isinstance(rows, pd.DataFrame) and not hasattr(rows, "shape"):
        raise InvalidInputError("INVALID_ROWS", "Give X as a DataFrame or an array: what the model was trained on.")
    _check_lengths(rows, y)
    original = original_of(model)
    tolerance = Tolerance(rtol, atol, allow_different)
    checked = checked_conversion(original, rows, precision=precision, tolerance=tolerance, most=COMPARED_ROWS)
    converted, compared = checked.converted, rows[:COMPARED_ROWS]
    metrics = {} if y is None else metrics_of(converted.task, y[:COMPARED_ROWS], checked.outputs, converted.classes)

    scopes = ("registry.read", "registry.write", *(("deploy",) if alias == "champion" else ()))
    deployment = deployment or connect()
    registry = Registry(deployment, *scopes)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "model"
        write_model_folder(
            folder,
            converted,
            compared,
            tensors(compared, converted.inputs),
            checked.outputs,
            golden_rows=golden_rows,
            reference_rows=reference_rows,
            seed=seed,
            tolerance=tolerance,
        )
        registry.create_model(name)
        logged = registry.upload(
            folder, name, run_id=run_id, params=_params(original, checked.precision), task=converted.task
        )
    version = registry.create_version(
        name,
        logged,
        run_id=run_id,
        description=description,
        tags={
            **{f"metric.{measure}": f"{value:.6g}" for measure, value in metrics.items()},
            **(tags or {}),
        },
    )
    registry.await_admission(name, version, timeout)
    if alias is not None:
        registry.set_alias(name, alias, version)
    return LoggedVersion(
        name,
        version,
        measured(deployment, name, version),
        checked.comparison,
        metrics,
        () if alias is None else (alias,),
    )


def _check_lengths(rows: Any, y: Sequence | None) -> None:
    if len(rows) == 0:
        raise InvalidInputError("INVALID_ROWS", "X has no rows; the predictions are compared on them.")
    if y is not None and len(y) != len(rows):
        raise InvalidInputError("INVALID_ROWS", f"X has {len(rows)} rows and y {len(y)}.")


def _params(original: Original, precision: str) -> dict[str, str]:
    """Where the version comes from, in MLflow's logged model."""
    module = type(original.model).__module__.split(".")[0]
    packages = {"sklearn": "scikit-learn"}
    source = packages.get(module, module)
    try:
        found = {f"{source}": package_version(source)}
    # A class of the caller's own.
    except ImportError:
        found = {}
    return {"estimator": type(original.model).__name__, "precision": precision, **found}
