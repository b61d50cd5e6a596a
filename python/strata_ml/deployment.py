"""Which deployment is meant, and tokens for it: the same order and the same file as the command line `strata`."""

import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from strata_ml.errors import InvalidInputError, NoDeploymentError, RefusedError, UnavailableError

LOCAL_FILE = Path(".strata") / "local.json"

# Names of the stack's outputs by what they are here.
OUTPUTS = {
    "endpoint": "Endpoint",
    "userPoolId": "UserPoolId",
    "machineClientId": "MachineClientId",
    "tokenEndpoint": "TokenEndpoint",
}

# Scopes read `strata/<scope>` in a token request.
RESOURCE_SERVER = "strata"

# A token that ends within a request would be refused in the middle of it.
SPARE_SECONDS = 60


@dataclass(frozen=True)
class Deployment:
    """An API that answers, and where its tokens come from.

    Attributes:
        endpoint: base URL of the API, stage included, without a slash at its end.
    """

    endpoint: str
    _fetch_token: Callable[[Sequence[str]], tuple[str, float]] = field(repr=False, compare=False)
    _tokens: dict[tuple[str, ...], tuple[str, float]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _lock: Any = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def token(self, *scopes: str) -> str:
        """An access token with these scopes: the one that was given, or one that is kept until shortly before its end.

        Raises:
            RefusedError: `TOKEN_REFUSED`.
            UnavailableError: `TOKEN_ENDPOINT_UNAVAILABLE`.
        """
        with self._lock:
            token, ends = self._tokens.get(scopes, ("", 0.0))
            if ends - SPARE_SECONDS < time.monotonic():
                token, seconds = self._fetch_token(scopes)
                self._tokens[scopes] = (token, time.monotonic() + seconds)
            return token


def connect(
    *,
    endpoint: str | None = None,
    token: str | None = None,
    stack: str | None = None,
    region: str | None = None,
    profile: str | None = None,
    directory: str | os.PathLike[str] | None = None,
) -> Deployment:
    """Finds a deployment: `endpoint`, else `stack`, else `STRATA_ENDPOINT`, else the one that `npm start` runs.

    Args:
        endpoint: base URL of the API, stage included.
        token: access token for the API; `STRATA_TOKEN` unless given. A stack and the local deployment need none.
        stack: CloudFormation stack of the service, read with your AWS credentials.
        region: AWS region of the stack.
        profile: named profile of the AWS configuration.
        directory: folder of the project that the local deployment belongs to, or one below it; the current one
            unless given.

    Raises:
        NoDeploymentError: `NO_DEPLOYMENT`, `NO_TOKEN`, `LOCAL_DEPLOYMENT_INVALID`, `STACK_NOT_FOUND`,
            `NOT_A_SERVICE_STACK`.
        InvalidInputError: `INVALID_ENDPOINT`.
    """
    token = token or os.environ.get("STRATA_TOKEN") or None
    if endpoint is None and stack is None:
        endpoint = os.environ.get("STRATA_ENDPOINT") or None
    if endpoint is not None:
        return _of_endpoint(endpoint, token)
    settings = (
        _stack_settings(stack, region, profile)
        if stack is not None
        else _local_settings(Path(directory or Path.cwd()).resolve())
    )
    if token is not None:
        return _of_endpoint(settings["endpoint"], token)
    return Deployment(settings["endpoint"].rstrip("/"), lambda scopes: _machine_token(settings, profile, scopes))


def _of_endpoint(endpoint: str, token: str | None) -> Deployment:
    if not endpoint.startswith(("http://", "https://")):
        raise InvalidInputError("INVALID_ENDPOINT", f"The endpoint {endpoint!r} is no http or https URL.")
    if token is None:
        raise NoDeploymentError("NO_TOKEN", "An endpoint needs a token: give token=… or set STRATA_TOKEN.")
    return Deployment(endpoint.rstrip("/"), lambda scopes: (token, float("inf")))


def _local_settings(directory: Path) -> dict[str, str]:
    for folder in (directory, *directory.parents):
        path = folder / LOCAL_FILE
        if not path.is_file():
            continue
        try:
            settings = json.loads(path.read_text(encoding="utf-8"))
            missing = [name for name in (*OUTPUTS, "region", "awsEndpoint") if not isinstance(settings.get(name), str)]
        except (ValueError, AttributeError, OSError) as error:
            raise _invalid_file(path, str(error)) from error
        if missing:
            raise _invalid_file(path, f"without {', '.join(missing)}")
        return settings
    raise NoDeploymentError(
        "NO_DEPLOYMENT",
        f"No deployment is named, and none runs for {directory}: start the local one with `npm start` and call this "
        "from its project, or connect(stack=…), or connect(endpoint=…, token=…), or set STRATA_ENDPOINT and "
        "STRATA_TOKEN.",
    )


def _invalid_file(path: Path, reason: str) -> NoDeploymentError:
    return NoDeploymentError(
        "LOCAL_DEPLOYMENT_INVALID",
        f"{path} does not describe a deployment ({reason}); delete it and run `npm start` again.",
    )


def _stack_settings(stack: str, region: str | None, profile: str | None) -> dict[str, str]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = _client("cloudformation", {"region": region}, profile)
        outputs = client.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
        used_region = client.meta.region_name
    except (BotoCoreError, ClientError) as error:
        raise NoDeploymentError(
            "STACK_NOT_FOUND",
            f"The stack {stack} cannot be read ({error}); check its name, the region and your AWS credentials.",
        ) from error
    by_name = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    missing = [name for name in OUTPUTS.values() if name not in by_name]
    if missing:
        raise NoDeploymentError(
            "NOT_A_SERVICE_STACK",
            f"The stack {stack} has no output {', '.join(missing)}; give the stack that holds Strata's service.",
        )
    return {"region": used_region, **{ours: by_name[theirs] for ours, theirs in OUTPUTS.items()}}


def _machine_token(settings: dict[str, str], profile: str | None, scopes: Sequence[str]) -> tuple[str, float]:
    """By the client credentials grant (RFC 6749, section 4.4); the client's secret is read and kept nowhere."""
    answer = _ask_for_token(settings, _client_secret(settings, profile), scopes)
    if answer.status_code >= 500 or answer.status_code == 429:
        raise _silent(settings)
    if not answer.ok:
        raise RefusedError(
            "TOKEN_REFUSED",
            f"The token endpoint refuses the scopes {', '.join(scopes)} ({answer.status_code}: {answer.text[:200]}). "
            "The client that machines share has the scopes that its deployment names (machineScopes); add them there, "
            "or give a token of your own: connect(endpoint=…, token=…).",
        )
    try:
        grant = answer.json()
        return grant["access_token"], float(grant["expires_in"])
    except (ValueError, KeyError, TypeError) as error:
        raise _silent(settings) from error


def _client_secret(settings: dict[str, str], profile: str | None) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = _client("cognito-idp", settings, profile).describe_user_pool_client(
            UserPoolId=settings["userPoolId"], ClientId=settings["machineClientId"]
        )["UserPoolClient"]
    except (BotoCoreError, ClientError) as error:
        if "awsEndpoint" in settings:
            raise UnavailableError(
                "LOCAL_DEPLOYMENT_GONE",
                f"The local deployment at {settings['awsEndpoint']} does not answer; is `npm start` running?",
            ) from error
        raise RefusedError(
            "TOKEN_REFUSED",
            f"Your AWS credentials cannot read the app client that tokens are made with ({error}); it takes "
            "cognito-idp:DescribeUserPoolClient, or a token of your own: connect(endpoint=…, token=…).",
        ) from error
    if "ClientSecret" not in client:
        raise RefusedError("TOKEN_REFUSED", f"The app client {settings['machineClientId']} has no secret.")
    return client["ClientSecret"]


def _ask_for_token(settings: dict[str, str], secret: str, scopes: Sequence[str]) -> requests.Response:
    try:
        return requests.post(
            settings["tokenEndpoint"],
            auth=(settings["machineClientId"], secret),
            data={
                "grant_type": "client_credentials",
                "scope": " ".join(f"{RESOURCE_SERVER}/{scope}" for scope in scopes),
            },
            timeout=15,
        )
    except requests.RequestException as error:
        raise _silent(settings) from error


def _silent(settings: dict[str, str]) -> UnavailableError:
    return UnavailableError(
        "TOKEN_ENDPOINT_UNAVAILABLE",
        f"The token endpoint {settings['tokenEndpoint']} does not answer as it should; try again.",
    )


def _client(service: str, settings: dict[str, Any], profile: str | None) -> Any:
    # Half a second to import: whoever brings a token of their own does without.
    import boto3

    local = settings.get("awsEndpoint")
    if local is None:
        return boto3.Session(profile_name=profile, region_name=settings.get("region")).client(service)
    # The emulator takes any credentials.
    session = boto3.Session("test", "test", region_name=settings["region"])
    return session.client(service, endpoint_url=local)
