"""How good the predictions of a model are, by the measures that its task has."""

from typing import Any

import numpy as np


def metrics_of(task: str, y: Any, outputs: dict[str, np.ndarray], classes: tuple[Any, ...]) -> dict[str, float]:
    """Measures of the ONNX form's predictions.

    Classifiers have `accuracy`, `f1_macro`, and with probabilities `log_loss` and `roc_auc` (several classes: each
    against the rest, macro); regressors `rmse`, `mae` and `r2`. A measure that y does not allow is left out.
    """
    from sklearn import metrics

    truth = np.asarray(y)
    if task == "regressor":
        predicted = outputs["prediction"].reshape(truth.shape)
        return {
            "rmse": float(metrics.root_mean_squared_error(truth, predicted)),
            "mae": float(metrics.mean_absolute_error(truth, predicted)),
            "r2": float(metrics.r2_score(truth, predicted)),
        }
    truth, label = truth.ravel(), outputs["label"].ravel()
    found = {
        "accuracy": float(metrics.accuracy_score(truth, label)),
        "f1_macro": float(metrics.f1_score(truth, label, average="macro", zero_division=0)),
    }
    if "probabilities" in outputs and set(truth.tolist()) == set(classes):
        # Rows of 32 bits add up to one only nearly.
        probabilities = outputs["probabilities"].astype(np.float64)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        found["log_loss"] = float(metrics.log_loss(truth, probabilities, labels=list(classes)))
        scores = probabilities[:, 1] if len(classes) == 2 else probabilities
        found["roc_auc"] = float(metrics.roc_auc_score(truth, scores, multi_class="ovr", labels=list(classes)))
    return found
