# SPDX-License-Identifier: GPL-3.0-or-later
"""How right answers are: `./dev bench quality [--sessions N] [--seed N]`.

Logs are simulated whose truth is known (simulate_visits.c), the program is run on them as a user would, and
docs/quality.md is written anew. Same arguments, same figures: nothing here depends on the machine.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "build" / "quality"
PROGRAM = ROOT / "build" / "release" / "netlytics"
GENERATE = ROOT / "build" / "release" / "netlytics-generate"
SERVICES = 40  # of simulate_visits.c

DEFAULTS = {"overlap": 0.15, "embed": 0.0}
SWEEPS = [
    ("Visits that overlap", "overlap", [{"overlap": share} for share in (0.0, 0.15, 0.4, 0.7)], [{}]),
    ("Pages that embed another core", "embed", [{"embed": share} for share in (0.0, 0.1, 0.3)], [{}]),
    ("EW, seconds", "EW", [{}], [{"EW": ew} for ew in (1, 2, 5, 10, 20)]),
    ("MINFREQ", "MINFREQ", [{}], [{"MINFREQ": share} for share in (0, 0.05, 0.2, 0.5)]),
    ("BAG_COUNT", "BAG_COUNT", [{}], [{"BAG_COUNT": count} for count in ("windows", "flows")]),
]


def lines_of(log, args, world):
    options = [text for key, value in {**DEFAULTS, **world}.items() for text in (f"--{key}", str(value))]
    command = [GENERATE, log, "--items", str(args.sessions), "--seed", str(args.seed), *options]
    return subprocess.run(command, check=True, capture_output=True)


def simulate(args, world):
    """The log, the service behind each of its lines, and the core domains."""
    folder = DATA / "-".join(f"{key}{value}" for key, value in {**DEFAULTS, **world}.items())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log_tcp_complete").write_bytes(lines_of("visits-tstat", args, world).stdout)
    truth = lines_of("visits-truth", args, world).stdout.decode().split()
    cores = lines_of("visits-cores", args, world).stdout.decode().split()
    return folder, truth, cores


def labelled(folder, cores, params):
    """Rows of flows.csv in the order of the log."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    command = [PROGRAM, "job", "-c", "tstat:NamedFlows", "-i", folder / "log_tcp_complete", "--algo", "algos.WHAT.WHAT",
               "--params", json.dumps({"CORES": cores, "SAVE_FLOWS": True, **params}), "-o", out, "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    with open(out / "flows.csv", newline="") as file:
        return list(csv.DictReader(file))


def share(rows, truth, service_of):
    """Share of the bytes whose flow has the right service."""
    sizes = [int(row["c_bytes"]) + int(row["s_bytes"]) for row in rows]
    right = sum(size for row, size, service in zip(rows, sizes, truth, strict=True) if service_of(row) == service)
    return right / sum(sizes)


def measure(args, sweep):
    """A line per point: its value, name only, history, future."""
    _, key, worlds, settings = sweep
    for world in worlds:
        folder, truth, cores = simulate(args, world)
        for params in settings:
            shares = {}
            for trigger in ("history", "future"):
                rows = labelled(folder, cores, {"TRIGGER": trigger, **params})
                shares[trigger] = share(rows, truth, lambda row: row["service"])
            known = set(cores)
            shares["name only"] = share(rows, truth, lambda row: row["name"] if row["name"] in known else "UNKNOWN")
            yield {**world, **params}.get(key), shares
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    text = ["# Quality", "", "Written by `./dev bench quality`: seeded simulations whose truth is known, the program run "
            "on their logs. Same arguments, same figures, on any machine.", "", "## WHAT: share of the bytes with the right "
            "service", "", f"{SERVICES} services by Zipf's law, each with 2-5 support domains of its own and 3-8 out of 24 that "
            f"services share; flows without a visit; {args.sessions} sessions of 2-6 visits, as a Tstat log (seed "
            f"{args.seed}). A flow without a visit is right as UNKNOWN. Unless varied: "
            + ", ".join(f"{100 * value:g} % {key}" for key, value in DEFAULTS.items())
            + ", parameters by default. *Name only* gives a service the flows to its core domain and no other: what "
            "DomainTraffic tells.", ""]
    for sweep in SWEEPS:
        title = sweep[0]
        print(f"{title:32} name only   history    future")
        text += [f"| {title} | name only | `TRIGGER=history` (default) | `TRIGGER=future` |", "|---|---|---|---|"]
        for value, shares in measure(args, sweep):
            shown = [f"{shares[name]:.3f}" for name in ("name only", "history", "future")]
            print(f"  {value!s:30} {shown[0]:>9} {shown[1]:>9} {shown[2]:>9}", flush=True)
            text.append(f"| {value} | " + " | ".join(shown) + " |")
        text.append("")
    (ROOT / "docs" / "quality.md").write_text("\n".join(text))


if __name__ == "__main__":
    main()
