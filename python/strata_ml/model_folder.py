"""The folder that is pushed: MLflow's ONNX model, with what the registry reads of Strata beside it."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from strata_ml.comparison import Tolerance
from strata_ml.conversion import Converted
from strata_ml.samples import chosen_rows, samples_document
from strata_ml.tensors import datatype_of

# Beside `MLmodel` and `model.onnx`; admission looks for golden samples by that name.
SCHEMA_FILE = "schema.json"
GOLDEN_FILE = "golden.json"
REFERENCE_FILE = "reference.json"


# What other processors change in a result.
OTHER_HARDWARE = 1e-4


def write_model_folder(
    path: Path,
    converted: Converted,
    rows: pd.DataFrame | np.ndarray,
    inputs: dict[str, np.ndarray],
    outputs: dict[str, np.ndarray],
    *,
    golden_rows: int,
    reference_rows: int,
    seed: int,
    tolerance: Tolerance,
) -> None:
    """Writes everything of a version."""
    import mlflow.onnx

    # Named, so that MLflow does not run the model to find out.
    requirements = [f"{package}=={version(package)}" for package in ("onnx", "onnxruntime", "numpy")]
    mlflow.onnx.save_model(
        converted.proto, str(path), signature=_signature(inputs, outputs), pip_requirements=requirements
    )
    count = len(next(iter(outputs.values())))
    _write(path / SCHEMA_FILE, schema_document(converted, rows, outputs))
    if golden_rows > 0:
        # A sample each: the latency that admission measures is that of the first one.
        samples = [samples_document(inputs, outputs, [row]) for row in chosen_rows(count, golden_rows, seed)]
        near = {"absolute": max(tolerance.absolute, OTHER_HARDWARE), "relative": tolerance.relative}
        _write(path / GOLDEN_FILE, {"samples": samples, "tolerance": near})
    if reference_rows > 0:
        _write(path / REFERENCE_FILE, samples_document(inputs, outputs, chosen_rows(count, reference_rows, seed)))


def schema_document(
    converted: Converted, rows: pd.DataFrame | np.ndarray, outputs: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Columns with their types as they were given and as the model takes them; the classes in order."""
    document: dict[str, Any] = {
        "task": converted.task,
        "inputs": [
            {
                "name": spec.name,
                "datatype": spec.datatype,
                "shape": list(spec.shape),
                **_column(rows, spec.name),
            }
            for spec in converted.inputs
        ],
        "outputs": [
            {"name": name, "datatype": datatype_of(array), "shape": [-1, *array.shape[1:]]}
            for name, array in outputs.items()
        ],
    }
    if converted.classes:
        document["classes"] = list(converted.classes)
    return document


def _column(rows: pd.DataFrame | np.ndarray, name: str) -> dict[str, Any]:
    if isinstance(rows, pd.DataFrame) and name in rows:
        return {"type": str(rows[name].dtype), "missing": bool(rows[name].isna().any())}
    values = rows.to_numpy() if isinstance(rows, pd.DataFrame) else rows
    return {"type": str(values.dtype), "missing": bool(pd.isna(values).any())}


def _signature(inputs: dict[str, np.ndarray], outputs: dict[str, np.ndarray]):
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    def schema(arrays: dict[str, np.ndarray]) -> Schema:
        return Schema(
            [TensorSpec(_signature_type(array), (-1, *array.shape[1:]), name) for name, array in arrays.items()]
        )

    return ModelSignature(inputs=schema(inputs), outputs=schema(outputs))


def _signature_type(array: np.ndarray) -> np.dtype:
    # MLflow knows texts by numpy's own type of them.
    return np.dtype(np.str_) if array.dtype == object else array.dtype


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False), encoding="utf-8")
