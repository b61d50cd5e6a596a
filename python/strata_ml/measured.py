"""What the registry measured when it admitted a version."""

import json
from dataclasses import dataclass
from urllib.parse import quote

import requests

from strata_ml.deployment import Deployment


@dataclass(frozen=True)
class Measured:
    """With one thread, on the machine that admitted the version; None where it was not measured.

    Attributes:
        p50_ms: half of the warm runs of one row take at most so many milliseconds.
        open_ms: milliseconds until the model is open.
        peak_bytes: most memory of the process.
    """

    p50_ms: float | None = None
    open_ms: float | None = None
    peak_bytes: int | None = None


def measured(deployment: Deployment, name: str, version: str) -> Measured:
    """Reads the manifest of an admitted version. The version is there: not to know its figures is no failure."""
    path = f"strata/v1/models/{quote(name, safe='')}/versions/{version}/manifest"
    try:
        answer = requests.get(
            f"{deployment.endpoint}/{path}",
            headers={"Authorization": f"Bearer {deployment.token('registry.read')}"},
            timeout=30,
        )
        found = json.loads(answer.json()["text"]).get("measured", {}) if answer.ok else {}
    except (requests.RequestException, ValueError, KeyError):
        found = {}
    return Measured(found.get("p50Ms"), found.get("openMs"), found.get("peakBytes"))
