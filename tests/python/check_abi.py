# SPDX-License-Identifier: GPL-3.0-or-later
"""check_abi.py ROOT CC: structs and functions of python/netlytics/_abi.py are those of the headers.

Needs nothing but a C compiler and Python: it is one of the unit tests, for whoever changes a header.
"""

import ctypes
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(sys.argv[1])
CC = sys.argv[2]


def load_abi():
    spec = importlib.util.spec_from_file_location("abi", ROOT / "python/netlytics/_abi.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def structs(abi):
    """C name and class of each struct."""
    for kind in vars(abi).values():
        if isinstance(kind, type) and issubclass(kind, ctypes.Structure):
            yield re.match(r"(struct )?\w+", kind.__doc__)[0], kind


def places(kind):
    """[(field, offset, size)], then the size of all."""
    fields = [(name, getattr(kind, name).offset, getattr(kind, name).size) for name, *_ in kind._fields_]
    return [*fields, ("", 0, ctypes.sizeof(kind))]


def program(abi):
    """Prints places() of the headers, and knows every function."""
    headers = sorted(ROOT.glob("include/netlytics/*.h"))
    lines = [*(f'#include "netlytics/{header.name}"' for header in headers), "#include <stdio.h>"]
    lines.append("int main(void) {")
    for name, kind in structs(abi):
        for field, *_ in kind._fields_:
            lines.append(
                f'printf("{name} {field} %zu %zu\\n", offsetof({name}, {field}), sizeof((({name} *)0)->{field}));'
            )
        lines.append(f'printf("{name}  0 %zu\\n", sizeof({name}));')
    lines += [f"(void)sizeof(&{function});" for function in (*abi.CORE, *abi.ENGINE)]
    lines += [f'_Static_assert(NLT_ABI_VERSION == {abi.ABI_VERSION}, "NLT_ABI_VERSION");', "return 0; }"]
    return "\n".join(lines)


def from_headers(abi):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "abi.c")
        source.write_text(program(abi))
        subprocess.run([CC, "-std=c17", f"-I{ROOT}/include", str(source), "-o", f"{folder}/abi"], check=True)
        return subprocess.run([f"{folder}/abi"], check=True, capture_output=True, text=True).stdout


def main():
    abi = load_abi()
    ours = "".join(
        f"{name} {field} {offset} {size}\n"
        for name, kind in structs(abi)
        for field, offset, size in places(kind)
    )
    theirs = from_headers(abi)
    different = [
        f"header: {there}\n_abi.py: {here}"
        for there, here in zip(theirs.splitlines(), ours.splitlines(), strict=True)
        if there != here
    ]
    if different:
        sys.exit("python/netlytics/_abi.py is not what the headers say:\n" + "\n".join(different))
    print(f"{len(list(structs(abi)))} structs are those of the headers")


main()
