"""Trains the penguin classifier and writes model.onnx, golden.json and request.json beside this file.

    python -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python train.py

The output is the same every time with the versions in requirements.txt.
"""

import json
from pathlib import Path
from textwrap import fill

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).parent
NUMERIC = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
CATEGORIES = {"island": ["Biscoe", "Dream", "Torgersen"], "sex": ["female", "male"]}
FEATURES = NUMERIC + list(CATEGORIES)
OPSET = {"": 18, "ai.onnx.ml": 3}
LINE_WIDTH = 110


def read_penguins():
    penguins = pd.read_csv(HERE / "penguins.csv", na_values="NA")
    # A string tensor knows no missing value: the empty string is the category that nobody has.
    return penguins.astype({name: np.float32 for name in NUMERIC}).fillna({name: "" for name in CATEGORIES})


def untrained():
    # The categories are named, so that an empty or unknown one becomes all zeros instead of a category of its own.
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMERIC),
            (OneHotEncoder(categories=list(CATEGORIES.values()), handle_unknown="ignore"), list(CATEGORIES)),
        ),
        LogisticRegression(),
    )


def export(classifier):
    inputs = [(name, FloatTensorType([None, 1])) for name in NUMERIC]
    inputs += [(name, StringTensorType([None, 1])) for name in CATEGORIES]
    # Without zipmap=False the probabilities would be a list of maps, which no tensor protocol can carry.
    options = {id(classifier): {"zipmap": False}}
    model = to_onnx(classifier, initial_types=inputs, options=options, target_opset=OPSET, name="penguins")
    # The converter keeps the operator sets in a Python set, of which the order changes from run to run.
    model.opset_import.sort(key=lambda each: each.domain)
    return model


def tensors(rows):
    """Rows as the inputs of an Open Inference Protocol request; a missing number is null."""

    def tensor(name, datatype, data):
        return {"name": name, "datatype": datatype, "shape": [len(rows), 1], "data": data}

    def shortest(value):
        return None if np.isnan(value) else float(str(np.float32(value)))

    return [tensor(name, "FP32", [shortest(value) for value in rows[name]]) for name in NUMERIC] + [
        tensor(name, "BYTES", list(rows[name])) for name in CATEGORIES
    ]


def golden_rows(penguins):
    """All rows with a missing value, and three complete ones of each species."""
    missing = penguins[NUMERIC].isna().any(axis=1) | (penguins[list(CATEGORIES)] == "").any(axis=1)
    complete = penguins[~missing].groupby("species").nth([0, 20, 40])
    return pd.concat([penguins[missing], complete]).sort_index()


def plain(value):
    """A value as JSON; the formatter writes exponents without a leading zero."""
    return json.dumps(value).replace("e-0", "e-")


def laid_out(value, indent="", key=""):
    """JSON as the project's formatter lays it out: short arrays on one line, long ones of numbers filled, all else by line."""
    start = f"{json.dumps(key)}: " if key else ""
    inner = indent + "  "
    if not isinstance(value, (dict, list)):
        return indent + start + plain(value)
    if isinstance(value, list) and not any(isinstance(each, (dict, list)) for each in value):
        values = ", ".join(plain(each) for each in value)
        line = f"{indent}{start}[{values}]"
        if len(line) < LINE_WIDTH:
            return line
        if all(isinstance(each, (int, float)) for each in value):
            filled = fill(values, LINE_WIDTH, initial_indent=inner, subsequent_indent=inner)
            return f"{indent}{start}[\n{filled}\n{indent}]"
    items = value.items() if isinstance(value, dict) else (("", each) for each in value)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines = ",\n".join(laid_out(each, inner, name) for name, each in items)
    return f"{indent}{start}{opening}\n{lines}\n{indent}{closing}"


def write_json(name, value):
    (HERE / name).write_text(laid_out(value) + "\n")


def main():
    penguins = read_penguins()
    known, held_out = train_test_split(penguins, test_size=0.25, stratify=penguins["species"], random_state=2020)
    classifier = untrained().fit(known[FEATURES], known["species"])

    model = export(classifier).SerializeToString(deterministic=True)
    (HERE / "model.onnx").write_bytes(model)

    # The expected answers are scikit-learn's own: they test the export and the runtime alike.
    golden = golden_rows(penguins)
    probabilities = classifier.predict_proba(golden[FEATURES])
    expected = {
        "classes": list(classifier.classes_),
        "label": list(classifier.predict(golden[FEATURES])),
        "probabilities": [round(float(p), 9) for p in probabilities.ravel()],
    }
    write_json("golden.json", {"inputs": tensors(golden), "expected": expected})
    write_json("request.json", {"inputs": tensors(penguins[FEATURES].iloc[[0, 200]])})

    right = classifier.predict(held_out[FEATURES]) == held_out["species"]
    print(f"{right.sum()} of {len(held_out)} held-out penguins classified rightly ({right.mean():.1%})")
    folds = StratifiedKFold(5, shuffle=True, random_state=2020)
    accuracy = cross_val_score(untrained(), penguins[FEATURES], penguins["species"], cv=folds)
    print(f"five-fold cross-validation: {accuracy.mean():.1%} (worst fold {accuracy.min():.1%})")

    feed = {name: held_out[[name]].to_numpy() for name in FEATURES}
    label, served = onnxruntime.InferenceSession(model).run(["label", "probabilities"], feed)
    assert (label == classifier.predict(held_out[FEATURES])).all()
    print(f"largest difference to scikit-learn: {np.abs(served - classifier.predict_proba(held_out[FEATURES])).max():.1e}")


if __name__ == "__main__":
    main()
