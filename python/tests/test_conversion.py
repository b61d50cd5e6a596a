"""What is written as ONNX predicts what the model predicts, under the names of the columns."""

import warnings

import lightgbm
import numpy as np
import onnxruntime
import pandas as pd
import pytest
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from strata_ml.checked_conversion import checked_conversion
from strata_ml.comparison import Tolerance
from strata_ml.conversion import convert
from strata_ml.errors import ConversionError, InvalidInputError, PredictionsDifferError
from strata_ml.original import original_of

ROWS = 300
RANDOM = np.random.default_rng(7)
NUMBERS = pd.DataFrame(
    {
        "age": RANDOM.integers(18, 90, ROWS),
        "income (EUR)": RANDOM.normal(40_000, 9_000, ROWS).round(2),
        "variable": RANDOM.random(ROWS),
    }
)
TWO = (NUMBERS["age"] + RANDOM.normal(0, 12, ROWS) > 50).astype(int)
THREE = pd.Series(np.digitize(NUMBERS["age"] + RANDOM.normal(0, 12, ROWS), [40, 65])).map(
    {0: "young", 1: "middle", 2: "old"}
)
AMOUNT = NUMBERS["income (EUR)"] / 1_000 + NUMBERS["age"]
MIXED = NUMBERS.assign(city=RANDOM.choice(["Ulm", "Bonn", "Kiel"], ROWS), owner=RANDOM.integers(0, 2, ROWS))
MIXED.loc[::17, "income (EUR)"] = np.nan

CLASSIFIERS = [
    LogisticRegression(max_iter=2_000),
    make_pipeline(StandardScaler(), LogisticRegression()),
    make_pipeline(StandardScaler(), SVC(probability=True, random_state=0)),
    DecisionTreeClassifier(max_depth=5, random_state=0),
    RandomForestClassifier(20, random_state=0),
    GradientBoostingClassifier(n_estimators=20, random_state=0),
    HistGradientBoostingClassifier(max_iter=20, random_state=0),
    make_pipeline(StandardScaler(), KNeighborsClassifier()),
    GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [0.1, 1]}),
    StackingClassifier(
        [("tree", DecisionTreeClassifier(max_depth=3)), ("logistic", LogisticRegression(max_iter=2_000))]
    ),
    xgboost.XGBClassifier(n_estimators=20),
    make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=20)),
    VotingClassifier(
        [("logistic", LogisticRegression(max_iter=2_000)), ("xgb", xgboost.XGBClassifier())],
        voting="soft",
        flatten_transform=False,
    ),
    lightgbm.LGBMClassifier(n_estimators=20, verbose=-1),
    make_pipeline(StandardScaler(), lightgbm.LGBMClassifier(n_estimators=20, verbose=-1)),
]
REGRESSORS = [
    LinearRegression(),
    ExtraTreesRegressor(20, random_state=0),
    make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(8,), max_iter=50, random_state=0)),
    xgboost.XGBRegressor(n_estimators=20),
    xgboost.XGBRFRegressor(n_estimators=20),
    lightgbm.LGBMRegressor(n_estimators=20, verbose=-1),
]


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def named(models):
    return [
        pytest.param(model, id="-".join(type(step).__name__ for _, step in getattr(model, "steps", [("", model)])))
        for model in models
    ]


def converted_alike(model, X, precision="auto"):
    return checked_conversion(original_of(model), X, precision=precision, tolerance=Tolerance(), most=len(X)).converted


@pytest.mark.parametrize("model", named(CLASSIFIERS))
def test_classifiers_of_two_classes(model):
    converted = converted_alike(model.fit(NUMBERS, TWO), NUMBERS)
    assert converted.classes == (0, 1)
    assert [(spec.name, spec.shape) for spec in converted.inputs] == [(name, (-1, 1)) for name in NUMBERS.columns]


# XGBoost itself takes classes from 0 on, and no texts.
@pytest.mark.parametrize("model", named([each for each in CLASSIFIERS if "XGB" not in repr(each)]))
def test_classifiers_of_three_texts(model):
    converted = converted_alike(model.fit(NUMBERS, THREE), NUMBERS)
    assert converted.classes == ("middle", "old", "young")


@pytest.mark.parametrize("model", named(REGRESSORS))
def test_regressors(model):
    assert converted_alike(model.fit(NUMBERS, AMOUNT), NUMBERS).outputs == ("prediction",)


def test_several_targets_at_once():
    converted_alike(ExtraTreesRegressor(5, random_state=0).fit(NUMBERS, np.c_[AMOUNT, TWO]), NUMBERS)


def test_truth_values_and_categories_are_columns_as_well():
    X = MIXED.assign(owner=MIXED["owner"].astype(bool), city=MIXED["city"].astype("category"))
    columns = make_column_transformer((OneHotEncoder(), ["owner", "city"]), ("passthrough", ["age"]))
    converted = converted_alike(make_pipeline(columns, LogisticRegression(max_iter=2_000)).fit(X, TWO), X)
    assert {spec.name for spec in converted.inputs} == {"owner", "city", "age"}


def test_a_matrix_is_one_input():
    X = NUMBERS.to_numpy()
    converted = converted_alike(LogisticRegression(max_iter=2_000).fit(X, TWO), X)
    assert [(spec.name, spec.datatype, spec.shape) for spec in converted.inputs] == [("X", "FP32", (-1, 3))]


@pytest.mark.parametrize(
    "last",
    named(
        [
            RandomForestClassifier(20, random_state=0),
            xgboost.XGBClassifier(n_estimators=20),
            lightgbm.LGBMClassifier(n_estimators=20, verbose=-1),
        ]
    ),
)
def test_a_pipeline_chooses_its_columns(last):
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income (EUR)"]),
        (OneHotEncoder(handle_unknown="ignore"), ["city"]),
        (OrdinalEncoder(), ["owner"]),
    )
    converted = converted_alike(make_pipeline(columns, last).fit(MIXED, TWO), MIXED)
    assert [spec.name for spec in converted.inputs] == ["age", "income (EUR)", "city", "owner"]
    assert converted.inputs[2].datatype == "BYTES"


def test_a_classifier_without_probabilities_has_labels_alone():
    assert converted_alike(RidgeClassifier().fit(NUMBERS, TWO), NUMBERS).outputs == ("label",)


@pytest.mark.parametrize("objective", ["binary:logistic", "multi:softprob", "reg:squarederror"])
def test_a_booster_of_xgboost(objective):
    y = {"binary:logistic": TWO, "multi:softprob": THREE.astype("category").cat.codes, "reg:squarederror": AMOUNT}[
        objective
    ]
    params = {"objective": objective, **({"num_class": 3} if objective.startswith("multi") else {})}
    booster = xgboost.train(params, xgboost.DMatrix(NUMBERS, y), num_boost_round=10)
    converted_alike(booster, NUMBERS)


def test_missing_numbers_reach_trees_that_take_them():
    X = NUMBERS.mask(RANDOM.random(NUMBERS.shape) < 0.2)
    for model in (
        xgboost.XGBClassifier(n_estimators=10),
        lightgbm.LGBMClassifier(n_estimators=10, verbose=-1),
        HistGradientBoostingClassifier(max_iter=10),
    ):
        converted_alike(model.fit(X, TWO), X)


@pytest.mark.parametrize("tree", named([DecisionTreeClassifier(), xgboost.XGBClassifier(n_estimators=10)]))
def test_64_bits_where_32_round_to_the_other_side_of_a_split(tree):
    X = pd.DataFrame({"x": 1e9 + np.arange(ROWS)})
    model = make_pipeline(StandardScaler(), tree).fit(X, TWO)
    with pytest.raises(PredictionsDifferError, match="float64"):
        converted_alike(model, X, precision="float32")
    assert converted_alike(model, X).inputs[0].datatype == "FP64"


def test_the_model_of_the_caller_stays_as_it_is():
    model = xgboost.XGBClassifier(n_estimators=5).fit(NUMBERS, TWO)
    before = model.predict_proba(NUMBERS)
    converted_alike(model, NUMBERS)
    assert model.get_booster().feature_names == list(NUMBERS.columns)
    np.testing.assert_array_equal(model.predict_proba(NUMBERS), before)


def test_the_same_model_is_the_same_bytes():
    model = RandomForestClassifier(5, random_state=0).fit(NUMBERS, TWO)
    first, second = (convert(original_of(model), NUMBERS).proto.SerializeToString() for _ in range(2))
    assert first == second


def test_what_is_written_is_a_valid_model_with_the_names_outside():
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, TWO)
    session = onnxruntime.InferenceSession(convert(original_of(model), NUMBERS).proto.SerializeToString())
    assert [each.name for each in session.get_inputs()] == list(NUMBERS.columns)
    assert [each.name for each in session.get_outputs()] == ["label", "probabilities"]


def test_texts_that_nothing_encodes_are_refused_with_what_to_write():
    model = LogisticRegression().fit(NUMBERS, TWO)
    with pytest.raises(InvalidInputError, match="'city'.*OneHotEncoder") as raised:
        convert(original_of(model), MIXED)
    assert raised.value.code == "TEXT_COLUMNS"


def test_a_column_with_the_name_of_an_output_is_refused():
    X = NUMBERS.rename(columns={"age": "label"})
    with pytest.raises(InvalidInputError, match="'label'") as raised:
        convert(original_of(LogisticRegression().fit(X, TWO)), X)
    assert raised.value.code == "RESERVED_COLUMN"


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (LogisticRegression(), "NOT_FITTED"),
        (object(), "UNSUPPORTED_MODEL"),
        (StandardScaler().fit(NUMBERS), "UNSUPPORTED_MODEL"),
        (lightgbm.train({"verbose": -1}, lightgbm.Dataset(NUMBERS, AMOUNT), num_boost_round=2), "UNSUPPORTED_MODEL"),
    ],
)
def test_what_cannot_be_converted_is_said(model, code):
    with pytest.raises(ConversionError) as raised:
        original_of(model)
    assert raised.value.code == code


def test_a_step_without_a_converter_is_said_with_its_name():
    class Doubling(StandardScaler):
        pass

    model = make_pipeline(Doubling(), LogisticRegression()).fit(NUMBERS, TWO)
    with pytest.raises(ConversionError, match="Doubling") as raised:
        convert(original_of(model), NUMBERS)
    assert raised.value.code == "CONVERSION_FAILED"
