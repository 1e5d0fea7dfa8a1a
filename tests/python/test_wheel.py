# SPDX-License-Identifier: GPL-3.0-or-later
"""The wheel in an environment of its own: nothing of this tree, nothing of the system's libraries."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

WHEEL = os.environ.get("NETLYTICS_WHEEL", "")

pytestmark = pytest.mark.skipif(not WHEEL, reason="no wheel: ./dev test python makes one")

# What every Linux of the platform that the wheel's name tells has.
OF_THE_PLATFORM = (
    "libz.",
    "libexpat.",
    "libc.",
    "libm.",
    "libdl.",
    "libpthread.",
    "librt.",
    "libresolv.",
    "libstdc++.",
    "libgcc_s.",
    "ld-linux",
)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel; what it depends on is taken from this one."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--disable-pip-version-check",
        WHEEL,
    ]
    subprocess.run([folder / "bin/python", *install], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    for name in (
        "pyarrow",
        "pandas",
        "polars",
        "_polars_runtime_32",
        "duckdb",
        "_duckdb",
        "numpy",
        "dateutil",
        "six.py",
    ):
        for found in Path(sysconfig.get_path("purelib")).glob(f"{name}*"):
            if not (site / found.name).exists():
                (site / found.name).symlink_to(found)
    return folder / "bin/python"


def call(python: Path, code: str, folder: Path) -> str:
    """What it prints, without any of this process's environment."""
    done = subprocess.run(
        [python, "-c", code], cwd=folder, env={"PATH": "/usr/bin"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_name_and_content() -> None:
    assert Path(WHEEL).name.endswith(("_x86_64.whl", "_aarch64.whl")) and "-py3-none-manylinux_" in WHEEL
    names = zipfile.ZipFile(WHEEL).namelist()
    for name in (
        "lib/libnetlytics.so.0",
        "lib/libnetlytics-engine.so.0",
        "lib/libduckdb.so",
        "py.typed",
        "errors.pyi",
    ):
        assert f"netlytics/{name}" in names
    tops = {name.partition("/")[0] for name in names}
    assert {"netlytics", "core", "algos", "connectors"} <= tops


def test_it_answers(python: Path, logs: Path, tmp_path: Path) -> None:
    code = (
        "import netlytics, pandas, polars, duckdb\n"
        f"flows = netlytics.get_dataset('squid:flows', {str(logs)!r})\n"
        "answer = flows.run('domain_traffic', N=1)\n"
        "print(answer.to_pandas().to_dict('list'), polars.DataFrame(answer).rows(),"
        " duckdb.sql('SELECT * FROM answer').fetchall())\n"
    )
    expected = "{'domain': ['c.com'], 'bytes': [1000]} [('c.com', 1000)] [('c.com', 1000)]\n"
    assert call(python, code, tmp_path) == expected


def test_documented_modules(python: Path, tmp_path: Path) -> None:
    code = "from algos.domain_traffic import DomainTraffic; import core.utils, connectors.bind_to_DNS; print(DomainTraffic.__name__)"
    assert call(python, code, tmp_path) == "DomainTraffic\n"


def mapped(python: Path, code: str, folder: Path) -> set[str]:
    """Files of the libraries in the process after some code."""
    maps = call(python, f"{code}\nprint(open('/proc/self/maps').read())", folder)
    return {line.split()[-1] for line in maps.splitlines() if ".so" in line}


def test_it_needs_no_library_of_the_system(python: Path, logs: Path, tmp_path: Path) -> None:
    others = mapped(python, "import ctypes, json, uuid, pyarrow", tmp_path)
    ours = mapped(
        python, f"import netlytics; netlytics.get_dataset('squid:flows', {str(logs)!r}).to_arrow()", tmp_path
    )
    assert any("netlytics.libs" in path for path in ours)
    foreign = {
        path
        for path in ours - others
        if not path.startswith(str(python.parent.parent)) and "cpython" not in path
    }
    assert {path for path in foreign if not Path(path).name.startswith(OF_THE_PLATFORM)} == set()


def test_executors_load_it_without_the_engine(python: Path, tmp_path: Path) -> None:
    code = (
        "import netlytics\n"
        "netlytics.connectors(), netlytics.algorithms(), netlytics.schema('DNS')\n"
        "print('libduckdb.so' in open('/proc/self/maps').read())\n"
    )
    assert call(python, code, tmp_path) == "False\n"


def test_the_library_is_sent_with_what_it_needs(python: Path, tmp_path: Path) -> None:
    code = (
        "import shutil; from netlytics import _library\n"
        "library = _library.find('libnetlytics.so')\n"
        f"shutil.copy(library, {str(tmp_path / 'libnetlytics.so')!r})\n"
        f"print([shutil.copy(file, {str(tmp_path)!r}) for file in _library.needed_beside(library)])\n"
    )
    assert "libcurl" in call(python, code, tmp_path)
    names = [path.name for path in tmp_path.iterdir()]
    sent = f"import os; os.environ['NL_LIB'] = {str(tmp_path)!r}\nimport netlytics"
    found = mapped(python, sent, tmp_path)
    assert {str(tmp_path / name) for name in names if "libcurl" in name or "libnetlytics" in name} <= found
    assert not any("netlytics.libs" in path for path in found)


def test_a_library_of_another_version_is_refused(python: Path, tmp_path: Path) -> None:
    source = tmp_path / "other.c"
    source.write_text("int nlt_abi_version(void) { return 999; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "libnetlytics.so", source], check=True)
    done = subprocess.run(
        [python, "-c", "import netlytics"],
        env={"NL_LIB": str(tmp_path / "libnetlytics.so")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "has interface 999" in done.stderr.splitlines()[-1]
