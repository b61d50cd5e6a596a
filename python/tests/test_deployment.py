"""Which deployment is found, and what is said when there is none."""

import json

import pytest

from strata_ml import InvalidInputError, NoDeploymentError, connect

LOCAL = {
    "endpoint": "http://127.0.0.1:1/prod/",
    "region": "us-east-1",
    "userPoolId": "pool",
    "machineClientId": "client",
    "tokenEndpoint": "http://127.0.0.1:1/oauth2/token",
    "awsEndpoint": "http://127.0.0.1:1",
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("STRATA_ENDPOINT", "STRATA_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def announced(folder, document):
    (folder / ".strata").mkdir()
    (folder / ".strata" / "local.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return folder


def test_the_local_deployment_of_a_folder_above(tmp_path):
    below = announced(tmp_path, LOCAL) / "notebooks" / "today"
    below.mkdir(parents=True)
    assert connect(directory=below).endpoint == "http://127.0.0.1:1/prod"


def test_an_endpoint_comes_before_the_local_deployment(tmp_path, monkeypatch):
    announced(tmp_path, LOCAL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRATA_ENDPOINT", "https://other.example/prod/")
    monkeypatch.setenv("STRATA_TOKEN", "secret")
    deployment = connect()
    assert (deployment.endpoint, deployment.token("infer")) == ("https://other.example/prod", "secret")
    assert "secret" not in repr(deployment)


def test_what_is_given_comes_before_the_environment(monkeypatch):
    monkeypatch.setenv("STRATA_ENDPOINT", "https://other.example")
    assert connect(endpoint="https://mine.example", token="t").endpoint == "https://mine.example"


@pytest.mark.parametrize("document", ["{", "[]", "{}", json.dumps({**LOCAL, "region": 7})])
def test_a_file_that_describes_no_deployment(tmp_path, document):
    announced(tmp_path, document)
    with pytest.raises(NoDeploymentError, match="local.json.*npm start") as raised:
        connect(directory=tmp_path)
    assert raised.value.code == "LOCAL_DEPLOYMENT_INVALID"


def test_no_deployment_at_all(tmp_path):
    with pytest.raises(NoDeploymentError, match="npm start.*stack.*STRATA_ENDPOINT") as raised:
        connect(directory=tmp_path)
    assert raised.value.code == "NO_DEPLOYMENT"


def test_an_endpoint_without_a_token():
    with pytest.raises(NoDeploymentError, match="STRATA_TOKEN") as raised:
        connect(endpoint="https://mine.example")
    assert raised.value.code == "NO_TOKEN"


def test_an_endpoint_that_is_no_address():
    with pytest.raises(InvalidInputError) as raised:
        connect(endpoint="mine.example", token="t")
    assert raised.value.code == "INVALID_ENDPOINT"
