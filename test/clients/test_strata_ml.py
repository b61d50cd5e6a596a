"""strata-ml against the deployed registry and endpoint, found by the file that the command line reads."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest
import strata_ml
import xgboost
from mlflow import MlflowClient
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from strata_ml.registry import Registry

ROOT = Path(__file__).parents[2]
ROWS = 200
RANDOM = np.random.default_rng(3)
CUSTOMERS = pd.DataFrame(
    {
        "age": RANDOM.integers(18, 90, ROWS),
        "monthly fee": RANDOM.normal(40, 9, ROWS).round(2),
        "city": RANDOM.choice(["Ulm", "Bonn", "Kiel"], ROWS),
    }
)
CUSTOMERS.loc[::13, "monthly fee"] = np.nan
CHURNED = (CUSTOMERS["age"] + RANDOM.normal(0, 9, ROWS) > 50).astype(int)


def pipeline(last):
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "monthly fee"]),
            (OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ),
        last,
    ).fit(CUSTOMERS, CHURNED)


MODELS = {
    "logistic": lambda: pipeline(LogisticRegression()),
    "xgboost": lambda: pipeline(xgboost.XGBClassifier(n_estimators=20)),
    "lightgbm": lambda: pipeline(lightgbm.LGBMClassifier(n_estimators=20, verbose=-1)),
}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A folder below that of a project whose local deployment runs."""
    (tmp_path / ".strata").mkdir()
    (tmp_path / ".strata" / "local.json").write_text(os.environ["STRATA_DEPLOYMENT"])
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")


@pytest.fixture
def rows(penguins) -> pd.DataFrame:
    columns = {name: values.ravel() for name, (_, values) in penguins.items()}
    frame = pd.DataFrame(columns)
    texts = [name for name, (datatype, _) in penguins.items() if datatype == "BYTES"]
    for name in texts:
        frame[name] = [value.decode() or None for value in frame[name]]
    return frame


def test_predicts_named_columns(rows, golden):
    predictions = strata_ml.predict("penguins", rows)
    assert predictions["label"].ravel().tolist() == golden["expected"]["label"]
    expected = np.reshape(golden["expected"]["probabilities"], (-1, 3))
    np.testing.assert_allclose(predictions["probabilities"], expected, atol=1e-6)
    assert predictions.version == "1"
    assert len(predictions.ids) == 1


def test_columns_are_found_in_any_order_and_further_ones_left_out(rows):
    shuffled = rows[rows.columns[::-1]].assign(year=2009)
    np.testing.assert_array_equal(
        strata_ml.predict("penguins", shuffled)["probabilities"], strata_ml.predict("penguins", rows)["probabilities"]
    )


def test_one_output_of_one_row_as_a_dictionary(rows, golden):
    predictions = strata_ml.predict("penguins", [rows.iloc[0].to_dict()], version="champion", outputs=["label"])
    assert {name: array.ravel().tolist() for name, array in predictions.items()} == {
        "label": golden["expected"]["label"][:1]
    }


def test_more_rows_than_a_request_holds_are_asked_in_order(rows, golden):
    times = 8_000
    many = pd.concat([rows] * times, ignore_index=True)
    predictions = strata_ml.predict("penguins", many)
    assert len(predictions.ids) > 1
    assert predictions["label"].ravel().tolist() == golden["expected"]["label"] * times


def test_a_missing_column_is_said_before_anything_is_asked(rows):
    with pytest.raises(strata_ml.InvalidInputError, match="'sex'") as raised:
        strata_ml.predict("penguins", rows.drop(columns="sex"))
    assert raised.value.code == "MISSING_COLUMNS"


def test_refusals_of_the_endpoint_keep_their_code(rows):
    with pytest.raises(strata_ml.RefusedError, match="walruses") as raised:
        strata_ml.predict("walruses", rows)
    assert raised.value.code == "MODEL_NOT_FOUND"


def test_a_token_is_asked_for_once():
    deployment = strata_ml.connect()
    assert deployment.token("infer") == deployment.token("infer")
    assert deployment.token("registry.read") != deployment.token("infer")


def test_a_deployment_that_does_not_run_any_more_is_said():
    gone = {**json.loads(os.environ["STRATA_DEPLOYMENT"]), "awsEndpoint": "http://127.0.0.1:9"}
    with open("../.strata/local.json", "w") as file:
        json.dump(gone, file)
    with pytest.raises(strata_ml.UnavailableError, match="npm start") as raised:
        strata_ml.connect().token("infer")
    assert raised.value.code == "LOCAL_DEPLOYMENT_GONE"


@pytest.mark.parametrize("kind", MODELS)
def test_what_was_pushed_predicts_as_the_original(kind):
    model = MODELS[kind]()
    name = f"churn {kind}"
    logged = strata_ml.log_model(model, CUSTOMERS, name, y=CHURNED, alias="champion", tags={"team": "retention"})
    assert (logged.version, logged.aliases, logged.comparison.different) == ("1", ("champion",), 0)
    assert logged.measured.p50_ms > 0
    assert logged.metrics["accuracy"] == pytest.approx(model.score(CUSTOMERS, CHURNED))

    predictions = strata_ml.predict(name, CUSTOMERS)
    np.testing.assert_array_equal(predictions["label"], model.predict(CUSTOMERS))
    np.testing.assert_allclose(predictions["probabilities"], model.predict_proba(CUSTOMERS), atol=1e-5)


def test_a_version_knows_the_run_that_it_comes_from():
    deployment = strata_ml.connect()
    token = deployment.token("registry.read", "registry.write")
    client = MlflowClient(tracking_uri=deployment.endpoint, registry_uri=deployment.endpoint)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_TOKEN", token)
        run_id = client.create_run("0").info.run_id
    # What others keep in the environment is of no use here, and stays.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_USERNAME", "somebody")
        logged = strata_ml.log_model(MODELS["logistic"](), CUSTOMERS, "churn of a run", run_id=run_id)
        assert os.environ["MLFLOW_TRACKING_USERNAME"] == "somebody"
        assert "MLFLOW_TRACKING_TOKEN" not in os.environ
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_TOKEN", token)
        assert client.get_model_version("churn of a run", logged.version).run_id == run_id


def test_who_may_not_push_is_told():
    deployment = strata_ml.connect()
    narrow = strata_ml.connect(endpoint=deployment.endpoint, token=deployment.token("infer"))
    with pytest.raises(strata_ml.RefusedError) as raised:
        strata_ml.log_model(MODELS["logistic"](), CUSTOMERS, "forbidden", deployment=narrow)
    assert raised.value.code == "PERMISSION_DENIED"


def test_what_admission_refuses_reaches_the_caller_in_its_words(tmp_path):
    (tmp_path / "pushed").mkdir()
    (tmp_path / "pushed" / "model.pkl").write_bytes(b"a pickle")
    registry = Registry(strata_ml.connect(), "registry.read", "registry.write")
    registry.create_model("pickled")
    logged = registry.upload(tmp_path / "pushed", "pickled", run_id=None, params={}, task="classifier")
    version = registry.create_version("pickled", logged, run_id=None, tags={}, description=None)
    with pytest.raises(strata_ml.AdmissionFailedError, match=r"pickle.*to_onnx") as raised:
        registry.await_admission("pickled", version, 60)
    assert raised.value.code == "ADMISSION_FAILED"


def test_the_readme_pushes_in_one_line(tmp_path):
    section = (ROOT / "README.md").read_text().split("### Push from Python in one line")[1]
    block = re.search(r"```python\n(.*?)```", section, re.DOTALL).group(1)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    printed = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    version, p50_ms, accuracy = printed[0].split()
    assert (version, printed[1]) == ("1", "['Adelie' 'Adelie' 'Adelie']")
    assert float(p50_ms) > 0
    assert float(accuracy) > 0.9


def test_nothing_is_pushed_of_a_model_that_would_predict_something_else():
    class Wrong(LogisticRegression):
        def predict_proba(self, X):
            return 1 - super().predict_proba(X)

    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
    from skl2onnx.operator_converters.linear_classifier import convert_sklearn_linear_classifier

    update_registered_converter(
        Wrong,
        "WrongClassifier",
        calculate_linear_classifier_output_shapes,
        convert_sklearn_linear_classifier,
        options={
            "zipmap": [True, False, "columns"],
            "nocl": [True, False],
            "output_class_labels": [False, True],
            "raw_scores": [True, False],
        },
    )
    X = CUSTOMERS[["age"]]
    with pytest.raises(strata_ml.PredictionsDifferError, match="probabilities"):
        strata_ml.log_model(Wrong().fit(X, CHURNED), X, "wrong")
    with pytest.raises(strata_ml.RefusedError):
        strata_ml.predict("wrong", X)
