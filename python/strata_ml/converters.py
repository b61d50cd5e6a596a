"""The converters of XGBoost and LightGBM, made known to skl2onnx so that they work inside pipelines as well."""

import sys

from strata_ml.errors import ConversionError

# The names by which the converters of onnxmltools know the estimators.
XGBOOST = {"XGBClassifier": True, "XGBRFClassifier": True, "XGBRegressor": False, "XGBRFRegressor": False}
LIGHTGBM = {"LGBMClassifier": True, "LGBMRegressor": False}

CLASSIFIER_OPTIONS = {"nocl": [True, False], "zipmap": [True, False, "columns"], "output_class_labels": [True, False]}


def register_converters() -> None:
    """Registers what may be needed: a model of a package that was never imported cannot be there.

    Raises:
        ConversionError: `PACKAGE_MISSING`.
    """
    if "xgboost" in sys.modules:
        _register("xgboost", XGBOOST, {})
    if "lightgbm" in sys.modules:
        _register("lightgbm", LIGHTGBM, {"split": None})


def _register(package: str, estimators: dict[str, bool], regressor_options: dict) -> None:
    try:
        if package == "xgboost":
            from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost as converter
        else:
            from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm as converter
    except ImportError as error:
        raise ConversionError(
            "PACKAGE_MISSING", f"onnxmltools is not installed: pip install 'strata-ml[{package}]'"
        ) from error
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import (
        calculate_linear_classifier_output_shapes,
        calculate_linear_regressor_output_shapes,
    )

    for name, classifies in estimators.items():
        update_registered_converter(
            getattr(sys.modules[package], name),
            f"Strata{name}",
            calculate_linear_classifier_output_shapes if classifies else calculate_linear_regressor_output_shapes,
            converter,
            overwrite=True,
            options=CLASSIFIER_OPTIONS if classifies else regressor_options,
        )
