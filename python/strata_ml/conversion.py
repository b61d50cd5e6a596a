"""scikit-learn, XGBoost and LightGBM models as ONNX, with named columns as inputs and plain tensors as outputs."""

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import pandas as pd

from strata_ml import onnx_graph
from strata_ml.converters import register_converters
from strata_ml.errors import ConversionError, InvalidInputError
from strata_ml.original import Original, package_missing, parts_of
from strata_ml.tensors import TensorSpec

# The newest that skl2onnx and onnxmltools write alike and that every runtime since onnxruntime 1.20 takes.
TARGET_OPSET = {"": 21, "ai.onnx.ml": 3}

MATRIX = "X"

FLOATS = {"float32": "FP32", "float64": "FP64"}


@dataclass(frozen=True)
class Converted:
    """The ONNX form.

    Attributes:
        inputs: in the order of the columns of X; columns that the model does not use are left out.
        classes: labels in the order of the probabilities; empty for a regressor.
    """

    proto: onnx.ModelProto
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[str, ...]
    task: str
    classes: tuple[Any, ...]


def convert(original: Original, rows: pd.DataFrame | np.ndarray, *, precision: str = "float32") -> Converted:
    """Writes a model as ONNX.

    Named columns become an input each, of shape [rows, 1]; a matrix becomes one input `X`.

    Args:
        rows: rows as the model was trained on; types and names are read from them.
        precision: `float32` or `float64`: what numbers are computed in.

    Raises:
        ConversionError: `CONVERSION_FAILED`, `PACKAGE_MISSING`.
        InvalidInputError: `TEXT_COLUMNS`, `INVALID_PRECISION`.
    """
    if precision not in FLOATS:
        raise InvalidInputError("INVALID_PRECISION", f"precision is 'float32' or 'float64', not {precision!r}.")
    columns = list(rows.columns) if isinstance(rows, pd.DataFrame) else None
    texts = _text_columns(rows)
    if columns is not None and _selects_columns(original.model):
        specs = [TensorSpec(name, "BYTES" if name in texts else FLOATS[precision], (-1, 1)) for name in columns]
    elif texts:
        raise InvalidInputError(
            "TEXT_COLUMNS",
            f"X holds texts ({', '.join(map(repr, texts[:5]))}), and nothing in the model encodes them. Put the "
            "encoding into it: make_pipeline(make_column_transformer((OneHotEncoder(), [...]), "
            "remainder='passthrough'), model)",
        )
    else:
        specs = [TensorSpec(MATRIX, FLOATS[precision], (-1, rows.shape[1]))]
    reserved = [spec.name for spec in specs if spec.name in original.outputs]
    reserved += [name for name in columns or [] if name in original.outputs and name not in reserved]
    if reserved:
        raise InvalidInputError(
            "RESERVED_COLUMN",
            f"{reserved[0]!r} is an output of the model, and ONNX has one name for one thing: rename or "
            "drop that column.",
        )
    proto = _converted(original.model, specs)
    onnx_graph.name_inputs(proto, [spec.name for spec in specs])
    onnx_graph.without_zipmaps(proto)
    onnx_graph.name_outputs(proto, original.outputs)
    if columns is not None and specs[0].name == MATRIX and len(specs) == 1 and columns != [MATRIX]:
        onnx_graph.split_input(proto, MATRIX, columns)
        specs = [TensorSpec(name, FLOATS[precision], (-1, 1)) for name in columns]
    if precision == "float64":
        onnx_graph.widen_imputers(proto, _fillings(original.model))
        if _trees_round(original.model):
            onnx_graph.round_before_trees(proto)
    used = onnx_graph.drop_unused_inputs(proto)
    # The converters keep operator sets in a Python set, of which the order changes from run to run.
    proto.opset_import.sort(key=lambda each: each.domain)
    return Converted(
        proto,
        tuple(spec for spec in specs if spec.name in used),
        original.outputs,
        original.task,
        tuple(np.asarray(original.model.classes_).tolist()) if original.task == "classifier" else (),
    )


def _converted(model: Any, specs: list[TensorSpec]) -> onnx.ModelProto:
    try:
        import skl2onnx
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
    except ImportError as error:
        raise package_missing("sklearn", "skl2onnx") from error
    types: dict[str, Callable] = {"FP32": FloatTensorType, "FP64": DoubleTensorType, "BYTES": StringTensorType}
    register_converters()
    try:
        return skl2onnx.to_onnx(
            _without_feature_names(model),
            initial_types=[(spec.name, types[spec.datatype]([None, spec.shape[1]])) for spec in specs],
            target_opset=TARGET_OPSET,
        )
    except ConversionError:
        raise
    # The converters raise whatever comes: RuntimeError, KeyError, AttributeError, their own kinds.
    except Exception as error:
        raise ConversionError(
            "CONVERSION_FAILED",
            f"{type(model).__name__} cannot be written as ONNX: {type(error).__name__}: {_first_line(error)}. "
            "Which steps can: skl2onnx.supported_converters(). Missing texts in X are best empty ones: "
            "X.fillna({'<column>': ''}).",
        ) from error


def _first_line(error: Exception) -> str:
    """Converters quote whole forests below it."""
    return next(iter(str(error).splitlines()), "")[:300]


def _without_feature_names(model: Any) -> Any:
    """A copy whose boosters call their features f0, f1, …: onnxmltools reads no other names."""
    xgboost = sys.modules.get("xgboost")
    if xgboost is None:
        return model
    model = copy.deepcopy(model)
    for part in parts_of(model):
        # An ensemble keeps the estimators that it copied, which were never fitted.
        if isinstance(part, xgboost.XGBModel) and part.__sklearn_is_fitted__():
            part.get_booster().feature_names = None
    return model


def _selects_columns(model: Any) -> bool:
    from sklearn.compose import ColumnTransformer

    return any(isinstance(part, ColumnTransformer) for part in parts_of(model))


def _trees_round(model: Any) -> bool:
    """Trees of scikit-learn and XGBoost round what they get to 32 bits; LightGBM's and histogram trees compare 64."""
    exact = ("LGBM", "HistGradientBoosting")
    return not any(type(part).__name__.startswith(exact) for part in parts_of(model))


def _fillings(model: Any) -> list[np.ndarray]:
    """What the imputers of a model fill in for missing numbers."""
    from sklearn.impute import SimpleImputer

    imputers = [part for part in parts_of(model) if isinstance(part, SimpleImputer)]
    # A ColumnTransformer keeps the imputer that it copied, which was never fitted.
    found = [np.asarray(part.statistics_) for part in imputers if hasattr(part, "statistics_")]
    return [each for each in found if each.dtype.kind == "f"]


def _text_columns(rows: pd.DataFrame | np.ndarray) -> list[str]:
    if isinstance(rows, np.ndarray):
        return ["X"] if rows.dtype.kind in "OUS" and _is_text(pd.Series(rows.ravel())) else []
    return [name for name in rows.columns if _is_text(rows[name])]


def _is_text(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _is_text(pd.Series(values.cat.categories))
    if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        raise InvalidInputError(
            "TIME_COLUMNS", f"{values.name!r} holds times, which no ONNX tensor can: make numbers of them first."
        )
    return pd.api.types.is_string_dtype(values) or (
        values.dtype == object and values.map(lambda value: isinstance(value, str)).any()
    )
