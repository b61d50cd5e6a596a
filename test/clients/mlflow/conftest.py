"""What the tests of MLflow's clients share: a client of the deployed registry, and names that nobody else uses."""

import os
import uuid

import pytest

# Nothing is asked of anybody else, and what fails shall fail soon.
os.environ["MLFLOW_TRACKING_TOKEN"] = os.environ["STRATA_TOKEN"]
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"

from mlflow import MlflowClient  # noqa: E402


@pytest.fixture(scope="session")
def endpoint() -> str:
    return os.environ["STRATA_ENDPOINT"]


@pytest.fixture(scope="session")
def client(endpoint) -> MlflowClient:
    return MlflowClient(tracking_uri=endpoint, registry_uri=endpoint)


@pytest.fixture
def name() -> str:
    return f"credit {uuid.uuid4()}"


@pytest.fixture
def prompt_name() -> str:
    """Prompts have narrower names than models: the client sees to that."""
    return f"prompt-{uuid.uuid4()}"


@pytest.fixture
def model(client, name) -> str:
    client.create_registered_model(name)
    return name


@pytest.fixture(scope="session")
def ready_model() -> str:
    """A model with three READY versions."""
    return os.environ["STRATA_READY_MODEL"]
