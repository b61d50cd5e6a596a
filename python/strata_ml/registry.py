"""The model registry, by MLflow's own client."""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strata_ml.deployment import Deployment
from strata_ml.errors import AdmissionFailedError, RefusedError, UnavailableError

# MLflow's experiment that is always there; a model that was logged within a run belongs to the run's.
DEFAULT_EXPERIMENT = "0"

POLL_SECONDS = 0.5

# What MLflow's client reads its credentials from. All but the token would come before it.
CREDENTIALS = (
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_AWS_SIGV4",
)


class Registry:
    """One registry for the length of a push.

    Raises:
        RefusedError: with the code and message of the registry.
        UnavailableError: when it does not answer.
    """

    def __init__(self, deployment: Deployment, *scopes: str) -> None:
        from mlflow import MlflowClient

        self._token = deployment.token(*scopes)
        self._client = MlflowClient(tracking_uri=deployment.endpoint, registry_uri=deployment.endpoint)

    def create_model(self, name: str) -> None:
        """Makes a model; fine when it is there."""
        try:
            self._call(self._client.create_registered_model, name)
        except RefusedError as error:
            if error.code != "RESOURCE_ALREADY_EXISTS":
                raise

    def upload(self, folder: Path, name: str, *, run_id: str | None, params: Mapping[str, str], task: str) -> str:
        """Uploads a folder as a logged model.

        Returns:
            Its id.
        """
        experiment = self._call(self._client.get_run, run_id).info.experiment_id if run_id else DEFAULT_EXPERIMENT
        logged = self._call(
            self._client.create_logged_model,
            experiment,
            # MLflow takes fewer characters here than in the name of a registered model.
            name=re.sub(r"[/:.%\"']", "-", name),
            source_run_id=run_id,
            params=dict(params),
            model_type=task,
        )
        try:
            self._call(self._client.log_model_artifacts, logged.model_id, str(folder))
        except BaseException:
            self._call(self._client.finalize_logged_model, logged.model_id, "FAILED")
            raise
        self._call(self._client.finalize_logged_model, logged.model_id, "READY")
        return logged.model_id

    def create_version(
        self, name: str, logged_model: str, *, run_id: str | None, tags: Mapping[str, str], description: str | None
    ) -> str:
        """Makes a version of a logged model.

        Returns:
            Its number.
        """
        made = self._call(
            self._client.create_model_version,
            name,
            f"models:/{logged_model}",
            run_id=run_id,
            tags=dict(tags),
            description=description,
            model_id=logged_model,
            # Waited for below, where a refusal keeps its words.
            await_creation_for=0,
        )
        return str(made.version)

    def await_admission(self, name: str, version: str, seconds: float) -> Any:
        """Waits until a version is READY.

        Returns:
            MLflow's `ModelVersion`.

        Raises:
            AdmissionFailedError: `ADMISSION_FAILED` with the registry's message, `ADMISSION_PENDING`.
        """
        ends = time.monotonic() + seconds
        while True:
            found = self._call(self._client.get_model_version, name, version)
            if found.status == "READY":
                return found
            if found.status == "FAILED_REGISTRATION":
                raise AdmissionFailedError(
                    "ADMISSION_FAILED", f"Version {version} of {name!r} may not serve: {found.status_message}"
                )
            if time.monotonic() > ends:
                raise AdmissionFailedError(
                    "ADMISSION_PENDING",
                    f"Version {version} of {name!r} is still being admitted after {seconds:g} seconds. It goes on "
                    f"without you: MlflowClient().get_model_version({name!r}, {version!r}).status says how it ended.",
                )
            time.sleep(POLL_SECONDS)

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Points an alias at a version."""
        self._call(self._client.set_registered_model_alias, name, alias, version)

    def _call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            with _credentials(self._token):
                return method(*arguments, **named)
        except MlflowException as error:
            status = error.get_http_status_code()
            kind = UnavailableError if status >= 500 or status == 429 else RefusedError
            raise kind(error.error_code, re.sub(rf"^{error.error_code}: ", "", error.message)) from error


@contextmanager
def _credentials(token: str) -> Iterator[None]:
    """MLflow's client takes its credentials from the environment alone; what stood there is put back."""
    before = {name: os.environ.pop(name, None) for name in CREDENTIALS}
    os.environ["MLFLOW_TRACKING_TOKEN"] = token
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
