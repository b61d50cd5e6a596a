"""What is known of a trained model before it is converted."""

import json
import sys
from dataclasses import dataclass
from typing import Any

from strata_ml.errors import ConversionError


@dataclass(frozen=True)
class Original:
    """A trained model as it is compared and converted.

    Attributes:
        task: `classifier` or `regressor`.
        outputs: names of what the ONNX form gives, in their order.
    """

    model: Any
    task: str
    outputs: tuple[str, ...]


def original_of(model: Any) -> Original:
    """What kind of model it is; an XGBoost booster gets the estimator around it.

    Raises:
        ConversionError: `UNSUPPORTED_MODEL`, `PACKAGE_MISSING`.
    """
    model = _estimator_of_booster(model)
    try:
        from sklearn.base import is_classifier, is_regressor
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted
    except ImportError as error:
        raise package_missing("sklearn", "scikit-learn") from error
    if not hasattr(model, "predict") or not hasattr(model, "get_params"):
        raise ConversionError(
            "UNSUPPORTED_MODEL",
            f"{type(model).__name__} is no estimator of scikit-learn, XGBoost or LightGBM. A model of another kind is "
            "exported to ONNX by its own framework, then: strata register model.onnx --name <model>",
        )
    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise ConversionError(
            "NOT_FITTED", f"{type(model).__name__} is not trained: call model.fit(X, y) first."
        ) from error
    if is_classifier(model):
        if isinstance(getattr(model, "classes_", None), list):
            raise ConversionError(
                "UNSUPPORTED_MODEL", "A classifier of several labels at once is not converted: push one for each label."
            )
        return Original(
            model, "classifier", ("label", "probabilities") if hasattr(model, "predict_proba") else ("label",)
        )
    if is_regressor(model):
        return Original(model, "regressor", ("prediction",))
    raise ConversionError(
        "UNSUPPORTED_MODEL",
        f"{type(model).__name__} is neither a classifier nor a regressor. Export it with skl2onnx, then: "
        "strata register model.onnx --name <model>",
    )


def parts_of(model: Any, seen: set[int] | None = None) -> list[Any]:
    """The fitted estimators within a fitted model, itself first."""
    seen = set() if seen is None else seen
    if id(model) in seen:
        return []
    seen.add(id(model))
    found = [model] if hasattr(model, "get_params") else []
    inner = model if isinstance(model, list | tuple) else list(vars(model).values()) if found else []
    for each in inner:
        found += parts_of(each, seen)
    return found


def package_missing(extra: str, package: str) -> ConversionError:
    return ConversionError("PACKAGE_MISSING", f"{package} is not installed: pip install 'strata-ml[{extra}]'")


def _estimator_of_booster(model: Any) -> Any:
    xgboost = sys.modules.get("xgboost")
    if xgboost is not None and isinstance(model, xgboost.Booster):
        objective = json.loads(model.save_config())["learner"]["objective"]["name"]
        estimator = xgboost.XGBClassifier() if objective.startswith(("binary:", "multi:")) else xgboost.XGBRegressor()
        estimator.load_model(model.save_raw("json"))
        return estimator
    lightgbm = sys.modules.get("lightgbm")
    if lightgbm is not None and isinstance(model, lightgbm.Booster):
        raise ConversionError(
            "UNSUPPORTED_MODEL",
            "A lightgbm.Booster does not know its classes: train with lightgbm.LGBMClassifier or LGBMRegressor, which "
            "take the same parameters.",
        )
    return model
