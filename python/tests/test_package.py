"""What `import autoloss` gives."""

import subprocess
import sys

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
