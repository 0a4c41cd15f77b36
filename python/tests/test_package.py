"""What `import autoloss` gives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import autoloss


def test_adapters_are_there_when_asked_for() -> None:
    pytest.importorskip("torchvision")
    code = "import autoloss, sys; assert 'torchvision' not in sys.modules; print(autoloss.torchvision.use.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "use"), done.stderr


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="torchvison"):
        autoloss.torchvison  # noqa: B018


@pytest.mark.parametrize("missing", ["", "ultralytics", "openmmlab"])
def test_what_does_not_install_is_tried_again_by_the_next_test_python(missing: str, tmp_path: Path) -> None:
    """With stand-ins for the tools of the virtual environment; pip fails on `missing`."""
    script = Path(__file__).resolve().parents[2] / "scripts" / "test-python"
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "python").write_text(f'#!/bin/sh\ncase "$*" in *"pip install"*{missing or "nothing"}*) exit 1;; esac\n')
    for name in ("ruff", "mypy"):
        (tools / name).write_text("#!/bin/sh\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    surroundings = os.environ | {"AUTOLOSS_VENV": str(tmp_path), "PYTHON": sys.executable}
    for _ in range(2):
        done = subprocess.run([script], env=surroundings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert ("does not install" in done.stderr) == bool(missing)
        assert (tmp_path / "autoloss-installed").exists() != bool(missing)
