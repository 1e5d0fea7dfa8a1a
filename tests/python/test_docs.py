# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of docs/python.md gives what stands there; the notebook runs."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/python.md"
NOTEBOOK = ROOT / "examples/traffic.ipynb"


@pytest.fixture
def place(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with logs/squid."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/squid").symlink_to(logs)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_examples_of_the_document(place: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 8
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(verbose=False)
    for number, block in enumerate(blocks):
        test = doctest.DocTestParser().get_doctest(block, names, f"block {number}", str(DOCUMENT), None)
        failed: list[str] = []
        runner.run(test, clear_globs=False, out=failed.append)
        names = test.globs
        assert failed == [], "".join(failed)


def test_the_notebook_runs(place: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(place)}}).execute()
    outputs = {
        cell.source.split("\n")[-1]: cell.outputs[-1].data
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    assert "<td>a.com</td>" in outputs["http"]["text/html"]
    by_host = outputs["by_host"]["text/plain"].splitlines()
    assert [line.split() for line in by_host[1:4]] == [
        ["c.com", "1", "1", "1000"],
        ["b.com", "1", "1", "300"],
        ["a.com", "3", "1", "157"],
    ]
    by_hour = [line.split()[-1] for line in outputs["by_hour.bytes"]["text/plain"].splitlines()]
    assert by_hour[1:4] == ["450", "1000", "7"]
    assert "'skipped': 1" in notebook.cells[-1].outputs[-1].data["text/plain"]
