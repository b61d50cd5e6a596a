"""The Python block of the README, as it stands there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_asks_the_penguin_model(tmp_path, endpoint):
    section = (ROOT / "README.md").read_text().split("### Your own model")[1]
    block = re.search(r"```python\n(.*?)```", section, re.DOTALL).group(1)
    (tmp_path / ".strata").mkdir()
    (tmp_path / ".strata" / "local.json").write_text(json.dumps({"endpoint": endpoint}))
    # `npm run --silent strata -- token` prints a token alone.
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text('#!/bin/sh\n[ "$*" = "run --silent strata -- token" ] && echo "$STRATA_TOKEN"\n')
    npm.chmod(0o755)
    printed = subprocess.run(
        [sys.executable, "-c", block],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{npm.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Adelie" in printed
