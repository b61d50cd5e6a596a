"""What the tests of the real clients share: where the deployment is, and the golden penguins."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[2] / "examples" / "penguins" / "golden.json"


@pytest.fixture(scope="session")
def endpoint() -> str:
    return os.environ["STRATA_ENDPOINT"]


@pytest.fixture
def headers() -> dict[str, str]:
    """Anew for each test: tritonclient adds its own headers to the ones that it is given."""
    return {"Authorization": f"Bearer {os.environ['STRATA_TOKEN']}"}


@pytest.fixture(scope="session")
def golden() -> dict:
    return json.loads(GOLDEN.read_text())


@pytest.fixture(scope="session")
def penguins(golden) -> dict[str, tuple[str, np.ndarray]]:
    """Datatype and values of each input, by name; missing numbers are NaN."""
    arrays = {}
    for tensor in golden["inputs"]:
        if tensor["datatype"] == "BYTES":
            values = np.array([str(value).encode() for value in tensor["data"]], dtype=np.object_)
        else:
            values = np.array([np.nan if value is None else value for value in tensor["data"]], dtype=np.float32)
        arrays[tensor["name"]] = (tensor["datatype"], values.reshape(tensor["shape"]))
    return arrays
