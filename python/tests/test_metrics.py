"""Measures are those that scikit-learn gives for the original."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score

from strata_ml.metrics import metrics_of

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize("classes", [(0, 1), ("a", "b", "c")])
def test_of_a_classifier(classes):
    y = RANDOM.choice(classes, 200)
    probabilities = RANDOM.dirichlet(np.ones(len(classes)), 200)
    label = np.array(classes)[probabilities.argmax(axis=1)]
    found = metrics_of("classifier", y, {"label": label, "probabilities": probabilities.astype(np.float32)}, classes)
    scores = probabilities[:, 1] if len(classes) == 2 else probabilities
    assert found["accuracy"] == accuracy_score(y, label)
    assert found["log_loss"] == pytest.approx(log_loss(y, probabilities), rel=1e-4)
    assert found["roc_auc"] == pytest.approx(roc_auc_score(y, scores, multi_class="ovr"), rel=1e-3)


def test_what_one_class_alone_does_not_allow_is_left_out():
    found = metrics_of("classifier", [1, 1], {"label": np.array([1, 0]), "probabilities": np.eye(2)}, (0, 1))
    assert set(found) == {"accuracy", "f1_macro"}


@pytest.mark.parametrize("targets", [1, 2])
def test_of_a_regressor(targets):
    y = RANDOM.normal(size=(50, targets))
    prediction = y + RANDOM.normal(scale=0.1, size=y.shape)
    truth = y.ravel() if targets == 1 else y
    found = metrics_of("regressor", truth, {"prediction": prediction}, ())
    assert found["r2"] == pytest.approx(r2_score(y, prediction))
    assert 0 < found["mae"] <= found["rmse"]
