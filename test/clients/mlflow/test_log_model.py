"""Models pushed by one line of Python, and loaded again: what a data scientist does, with the client as it comes."""

import hashlib
import math
import os
import pathlib

import mlflow
import numpy as np
import pytest
import requests
from mlflow.exceptions import MlflowException
from onnx import numpy_helper
from onnx_models import linear_model

KB = 1024
MB = 1024 * KB
ROWS = np.array([[1, 2, 3, 4], [-1, 0.5, 0, 2]], dtype=np.float32)


@pytest.fixture(autouse=True)
def at_the_endpoint(endpoint):
    mlflow.set_tracking_uri(endpoint)
    mlflow.set_registry_uri(endpoint)


@pytest.fixture
def large_files(monkeypatch):
    """What the README says for files above the gateway's limit, for clients before 3.18."""
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(4 * MB))


def log(name, model, **more):
    """Files are there whether the version is admitted or not, so that nobody waits for it."""
    return mlflow.onnx.log_model(
        model, name="model", registered_model_name=name, await_registration_for=0, **more
    )


def expected(model) -> np.ndarray:
    """To be asked before the model is logged: MLflow moves its weights into a file then."""
    return ROWS @ numpy_helper.to_array(model.graph.initializer[0])


def predicted(model_uri: str) -> np.ndarray:
    return mlflow.pyfunc.load_model(model_uri).predict(ROWS)["y"]


@pytest.mark.parametrize("size", [1 * KB, 20 * MB, 100 * MB])
@pytest.mark.parametrize("within_run", [True, False])
def test_a_model_is_logged_and_loaded_again(client, name, large_files, size, within_run):
    model = linear_model(size)
    wanted = expected(model)
    if within_run:
        with mlflow.start_run() as run:
            info = log(name, model)
    else:
        info = log(name, model)
    version = client.get_model_version(name, "1")
    assert version.source == info.model_uri
    assert (version.run_id or None) == (run.info.run_id if within_run else None)
    logged = mlflow.get_logged_model(info.model_id)
    assert logged.status.value == "READY"
    assert name in logged.tags["mlflow.modelVersions"]
    assert client.get_model_version_download_uri(name, "1").startswith("mlflow-artifacts:/")
    np.testing.assert_allclose(predicted(f"models:/{name}/1"), wanted, rtol=1e-4)
    if within_run:
        outputs = client.get_run(run.info.run_id).outputs.model_outputs
        assert [output.model_id for output in outputs] == [info.model_id]


def test_the_second_push_is_the_second_version(client, name):
    for _ in range(2):
        log(name, linear_model(KB))
    assert [version.version for version in client.search_model_versions(f"name = '{name}'")] == ["2", "1"]


def test_files_of_a_run_are_registered_by_their_address(client, name, tmp_path):
    model = linear_model(KB)
    wanted = expected(model)
    with mlflow.start_run() as run:
        folder = tmp_path / "model"
        mlflow.onnx.save_model(model, folder)
        mlflow.log_artifacts(str(folder), "model")
    version = mlflow.register_model(
        f"runs:/{run.info.run_id}/model", name, await_registration_for=0
    )
    assert (version.run_id, version.version) == (run.info.run_id, "1")
    np.testing.assert_allclose(predicted(f"models:/{name}/1"), wanted, rtol=1e-4)


def test_a_copy_has_the_same_predictions(client, name):
    model = linear_model(KB)
    wanted = expected(model)
    log(name, model)
    client.copy_model_version(f"models:/{name}/1", f"{name} copy")
    np.testing.assert_allclose(predicted(f"models:/{name} copy/1"), wanted, rtol=1e-4)


def test_a_version_stays_as_it_was_registered(name):
    model = linear_model(KB)
    wanted = expected(model)
    info = log(name, model)
    logged = mlflow.get_logged_model(info.model_id)
    repository = mlflow.store.artifact.artifact_repository_registry.get_artifact_repository(
        logged.artifact_location
    )
    path = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / "model.onnx"
    path.write_bytes(b"something else")
    repository.log_artifact(str(path))
    np.testing.assert_allclose(predicted(f"models:/{name}/1"), wanted, rtol=1e-4)


@pytest.mark.parametrize("size", [0, 1, KB, MB, MB + 1, 4 * MB, 11 * MB])
def test_files_of_any_size_come_back_as_they_went(tmp_path, large_files, size):
    sent = tmp_path / "file.bin"
    sent.write_bytes(os.urandom(size))
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(sent), "some folder/ü & (2)")
    root = mlflow.artifacts.list_artifacts(run_id=run.info.run_id)
    assert [(item.path, item.is_dir) for item in root] == [("some folder", True)]
    (item,) = mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="some folder/ü & (2)")
    assert (item.path, item.file_size) == ("some folder/ü & (2)/file.bin", size)
    got = mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path="some folder/ü & (2)/file.bin", dst_path=tmp_path / "got"
    )
    digest = lambda path: hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()  # noqa: E731
    assert digest(got) == digest(sent)


def test_what_leads_out_of_a_folder_is_refused(client, endpoint):
    run = client.create_run("0")
    root = f"{endpoint}/api/2.0/mlflow-artifacts/artifacts/0/{run.info.run_id}/artifacts"
    headers = {"Authorization": f"Bearer {os.environ['STRATA_TOKEN']}"}
    for path in ["%2e%2e/x", "%252e%252e/x", "a%2f..%2f..%2fx"]:
        request = requests.Request("PUT", root, headers=headers, data=b"x").prepare()
        # As it is: requests would take the dots out itself.
        request.url = f"{root}/{path}"
        answer = requests.Session().send(request)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_the_champion_is_loaded_by_its_alias(client, name):
    """Once it is admitted, which the call itself waits for."""
    model = linear_model(KB)
    wanted = expected(model)
    mlflow.onnx.log_model(model, name="model", registered_model_name=name, await_registration_for=120)
    assert client.get_model_version(name, "1").status == "READY"
    client.set_registered_model_alias(name, "champion", "1")
    np.testing.assert_allclose(predicted(f"models:/{name}@champion"), wanted, rtol=1e-4)


def test_a_version_is_loaded_by_latest(name):
    model = linear_model(KB)
    wanted = expected(model)
    log(name, model)
    np.testing.assert_allclose(predicted(f"models:/{name}/latest"), wanted, rtol=1e-4)


def test_runs_keep_what_is_logged(client):
    experiment = client.create_experiment("pushes of " + os.urandom(4).hex(), tags={"team": "risk"})
    assert client.get_experiment(experiment).tags["team"] == "risk"
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_run(run_name="first", tags={"kind": "baseline"}) as run:
        mlflow.log_params({"depth": 3, "rate": 0.1})
        for step, value in enumerate([0.5, 0.7, math.nan, 0.6]):
            mlflow.log_metric("f1", value, step=step)
        mlflow.log_metrics({f"m{i}": i for i in range(150)})
        mlflow.log_input(mlflow.data.from_numpy(ROWS, name="rows"), context="training")
        mlflow.set_tag("note", "x" * 5000)
    found = client.get_run(run.info.run_id)
    assert (found.info.status, found.info.run_name, found.info.experiment_id) == ("FINISHED", "first", experiment)
    assert found.data.params == {"depth": "3", "rate": "0.1"}
    assert found.data.metrics["f1"] == 0.6 and found.data.metrics["m149"] == 149
    assert (found.data.tags["kind"], len(found.data.tags["note"])) == ("baseline", 5000)
    assert found.inputs.dataset_inputs[0].dataset.name == "rows"
    history = client.get_metric_history(run.info.run_id, "f1")
    assert [point.step for point in history] == [0, 1, 2, 3] and math.isnan(history[2].value)
    with pytest.raises(MlflowException, match="never change"):
        client.log_param(run.info.run_id, "depth", "4")
    with pytest.raises(MlflowException) as missing:
        client.get_run("0" * 32)
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with mlflow.start_run(run_name="second"):
        mlflow.log_metric("f1", 0.9)
    best = client.search_runs([experiment], "metrics.f1 > 0.5", order_by=["metrics.f1 DESC"])
    assert [each.info.run_name for each in best] == ["second", "first"]
    named = client.search_runs([experiment], "params.depth = '3' and tags.kind = 'baseline'")
    assert [each.info.run_name for each in named] == ["first"]
    client.delete_run(run.info.run_id)
    assert len(client.search_runs([experiment])) == 1
    client.restore_run(run.info.run_id)
    assert len(client.search_runs([experiment])) == 2


def test_experiments_are_found_by_name(client):
    assert client.get_experiment("0").name == "Default"
    name = "experiment ü " + os.urandom(4).hex()
    assert client.get_experiment_by_name(name) is None
    experiment = client.create_experiment(name)
    assert client.get_experiment_by_name(name).experiment_id == experiment
    with pytest.raises(MlflowException) as exists:
        client.create_experiment(name)
    assert exists.value.error_code == "RESOURCE_ALREADY_EXISTS"
    client.set_experiment_tag(experiment, "owner", "ann")
    (found,) = client.search_experiments(filter_string=f"name = '{name}' AND tags.owner = 'ann'")
    assert found.experiment_id == experiment


def test_logged_models_are_kept_and_found(client, name):
    info = log(name, linear_model(KB), params={"depth": 3}, tags={"kind": name})
    model = mlflow.get_logged_model(info.model_id)
    assert (model.name, model.params["depth"], model.tags["kind"]) == ("model", "3", name)
    mlflow.set_logged_model_tags(info.model_id, {"reviewed": "yes"})
    mlflow.delete_logged_model_tag(info.model_id, "kind")
    mlflow.log_model_params({"rate": 0.1}, info.model_id)
    model = mlflow.get_logged_model(info.model_id)
    assert model.tags["reviewed"] == "yes" and "kind" not in model.tags and model.params["rate"] == "0.1"
    found = mlflow.search_logged_models(
        [model.experiment_id],
        filter_string="tags.reviewed = 'yes' AND params.depth = '3'",
        output_format="list",
        max_results=10,
    )
    assert info.model_id in [each.model_id for each in found]
    client.delete_logged_model(info.model_id)
    with pytest.raises(MlflowException) as gone:
        mlflow.get_logged_model(info.model_id)
    assert gone.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    # The version has files of its own.
    mlflow.artifacts.list_artifacts(f"models:/{name}/1")
