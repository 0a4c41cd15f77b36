"""The examples of both READMEs run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

pytest.importorskip("torchvision")

ROOT = Path(__file__).resolve().parents[2]


def examples(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


EXAMPLES = [
    pytest.param(text, id=f"{path.relative_to(ROOT)}-{number}")
    for path in (ROOT / "README.md", ROOT / "python" / "README.md")
    for number, text in enumerate(examples(path), 1)
]


def test_there_are_examples() -> None:
    assert len(examples(ROOT / "README.md")) == 3
    assert len(EXAMPLES) >= 5


@pytest.mark.filterwarnings("ignore::autoloss.AutolossWarning")
@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_runs(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    exec(compile(text, "README", "exec"), {"__name__": "example"})
