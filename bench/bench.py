# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed beside its peers: `./dev bench [--bytes N] [--rounds N] [--only NAME]`.

Every task runs all its commands on the same input, one after the other in each round, checks that
they give the same result, and keeps the best of the rounds. What counts are the ratios of one run:
seconds depend on the machine. Results are appended to bench/results.jsonl and docs/performance.md is
written anew.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "build" / "bench"
PROGRAM = ROOT / "build" / "release" / "netlytics"
GENERATE = ROOT / "build" / "release" / "netlytics-generate"

HTTP = "connectors.squid_to_HTTP.Squid_To_HTTP"
FLOWS = "connectors.squid_to_named_flows.Squid_To_Named_Flows"
TOP_HOSTS = (
    "SELECT host, SUM(response_body_len) AS bytes FROM netlytics GROUP BY host "
    "ORDER BY bytes DESC, host LIMIT 50"
)

# The same question, the same parts of a URL, for mawk.
MAWK = r"""{ u = $7; i = index(u, "://"); if (i) u = substr(u, i + 3)
  if (substr(u, 1, 1) == "[") { u = substr(u, 2); i = index(u, "]") } else i = match(u, /[\/:?]/)
  if (i) u = substr(u, 1, i - 1); s[u] += $5 }
END { for (k in s) printf "%s,%.0f\n", k, s[k] }"""

DUCKDB = """
import duckdb, sys
con = duckdb.connect(config={{"threads": {threads}}})
con.sql("SET enable_progress_bar = false")
for row in con.sql('''SELECT {host} AS h, sum(bytes) AS b FROM read_csv('{tsv}', delim='\\t',
  header=true, quote='', escape='', auto_detect=false, columns={{'time': 'DOUBLE',
  'client': 'VARCHAR', 'status': 'VARCHAR', 'bytes': 'BIGINT', 'method': 'VARCHAR', {url},
  'peer': 'VARCHAR', 'type': 'VARCHAR'}}) GROUP BY h ORDER BY b DESC, h LIMIT 50''').fetchall():
    print(f"{{row[0]}},{{row[1]}}")
"""
# A TSV of the log's own fields: the host is found in SQL.
URL_FIELDS = {
    "host": "CASE WHEN starts_with(rest, '[') THEN split_part(substr(rest, 2), ']', 1) ELSE "
            "split_part(split_part(split_part(rest, '/', 1), ':', 1), '?', 1) END"
            .replace("rest", "(CASE WHEN contains(url, '://') THEN split_part(url, '://', 2) ELSE url END)"),
    "url": "'url': 'VARCHAR'",
}
# A TSV in which somebody has found it before.
HOST_FIELDS = {"host": "host", "url": "'host': 'VARCHAR', 'path': 'VARCHAR'"}


def run(command, out):
    """Runs a command with its output in file `out`: seconds, CPU seconds, peak MB."""
    with open(out, "wb") as file:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE)
        error = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))[:300]}\nfailed with {process.returncode}: {error}")
    return {
        "seconds": round(seconds, 3),
        "cpu": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_mb": round(usage.ru_maxrss / 1000),
    }


def measure(task, commands, rounds, normalise=lambda text: text):
    """Best of `rounds` of each command; `commands`: name -> (command, result is compared)."""
    best, results = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for name, (command, is_compared) in commands.items():
                out = Path(folder) / "out"
                figures = run(command, out)
                if name not in best or figures["seconds"] < best[name]["seconds"]:
                    best[name] = figures
                if is_compared and number == 0:
                    results[name] = normalise(out.read_text(errors="replace"))
    reference = next(iter(results.values()), None)
    for name, result in results.items():
        if result != reference:
            other = [line for line in result if line not in reference]
            sys.exit(f"{task}: {name} gives another result than {next(iter(results))}: {other[:5]}")
    for name, figures in best.items():
        print(f"  {name:34} {figures['seconds']:8.3f} s {figures['cpu']:8.3f} CPU s "
              f"{figures['peak_mb']:6} MB")
    return best


def query(connector, path, threads):
    return [PROGRAM, "query", "-c", connector, "-i", path, "--threads", str(threads), "-q",
            TOP_HOSTS, "--format", "csv", "--quiet"]


def job(connector, path, threads, algo, output):
    return [PROGRAM, "job", "-c", connector, "-i", path, "--threads", str(threads), "--algo", algo,
            "-o", output, "--overwrite", "--quiet"]


def without_header(text):
    lines = text.splitlines()
    return sorted(line for line in lines if not line.startswith("host,"))


def made(path, make):
    """`path`, made once under another name."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        print(f"  making {path.name}")
        make(part)
        part.rename(path)
    return path


def generate(part, size, seed):
    with open(part, "wb") as file:
        subprocess.run([GENERATE, "squid", "--bytes", str(size), "--seed", str(seed), "--odd", "0"],
                       stdout=file, stderr=subprocess.DEVNULL, check=True)


def prepare_fields(part, log):
    """The fields of the log, separated by TABs."""
    program = r"""BEGIN { OFS = "\t"; print "time\tclient\tstatus\tbytes\tmethod\turl\tpeer\ttype" }
    { print $1, $3, $4, $5, $6, $7, $9, $10 }"""
    with open(part, "wb") as file:
        subprocess.run(["mawk", program, log], stdout=file, check=True)


def prepare_tsv(part, log):
    """A TSV that is as easy as can be for a CSV reader: the host is a column of its own."""
    program = r"""BEGIN { OFS = "\t"; print "time\tclient\tstatus\tbytes\tmethod\thost\tpath\tpeer\ttype" }
    { u = $7; i = index(u, "://"); if (i) u = substr(u, i + 3); path = ""
      if (substr(u, 1, 1) == "[") { u = substr(u, 2); i = index(u, "]") } else i = match(u, /[\/:?]/)
      if (i) { path = substr(u, i); u = substr(u, 1, i - 1) }
      print $1, $3, $4, $5, $6, u, path, $9, $10 }"""
    with open(part, "wb") as file:
        subprocess.run(["mawk", program, log], stdout=file, check=True)


def top_hosts(args):
    """Bytes by host, top 50, of a native log."""
    log = made(DATA / f"squid-{args.bytes}.log", lambda p: generate(p, args.bytes, 7))
    tsv = made(DATA / f"squid-{args.bytes}.tsv", lambda p: prepare_tsv(p, log))
    fields = made(DATA / f"squid-{args.bytes}-fields.tsv", lambda p: prepare_fields(p, log))
    commands = {}
    for threads in (2, 1):
        commands[f"netlytics, {threads} thread{'s' * (threads > 1)}"] = (
            query(HTTP, log, threads), True)
    commands["wc -l"] = (["wc", "-l", log], False)
    commands["mawk"] = (["sh", "-c", 'mawk "$0" "$1" | sort -t, -k2,2nr -k1,1 | head -n 50', MAWK,
                         log], True)
    for threads in (2, 1):
        for what, path, columns in (("the fields", fields, URL_FIELDS), ("ready hosts", tsv, HOST_FIELDS)):
            commands[f"DuckDB read_csv, TSV of {what}, {threads} thread{'s' * (threads > 1)}"] = (
                [sys.executable, "-c", DUCKDB.format(threads=threads, tsv=path, **columns)], True)
    best = measure("top_hosts", commands, args.rounds, without_header)
    ours, one = best["netlytics, 2 threads"], best["netlytics, 1 thread"]
    csv2, csv1, host2, host1 = (best[f"DuckDB read_csv, TSV of {what}, {t}"]
                                for what in ("the fields", "ready hosts")
                                for t in ("2 threads", "1 thread"))
    return best, [
        ("seconds, 2 threads", ours["seconds"], "<= 0.8, or the next line"),
        ("times wc -l, 2 threads", ours["seconds"] / best["wc -l"]["seconds"], "<= 4.5"),
        ("faster than mawk, 2 threads", best["mawk"]["seconds"] / ours["seconds"], ">= 7"),
        ("faster than read_csv of the fields, 2 threads each", csv2["seconds"] / ours["seconds"], ">= 3"),
        ("faster than read_csv of ready hosts, 2 threads each", host2["seconds"] / ours["seconds"],
         "not the same work"),
        ("faster than mawk, 1 thread each", best["mawk"]["seconds"] / one["seconds"], ">= 1"),
        ("faster than read_csv of the fields, 1 thread each", csv1["seconds"] / one["seconds"], ">= 1"),
        ("faster than read_csv of ready hosts, 1 thread each", host1["seconds"] / one["seconds"], ">= 1"),
        ("peak MB", max(ours["peak_mb"], one["peak_mb"]), "<= 200"),
    ]


def jobs(args):
    """SaveDataFrame and DomainTraffic of the same log."""
    log = made(DATA / f"squid-{args.bytes}.log", lambda p: generate(p, args.bytes, 7))
    commands = {}
    for algo in ("save_dataframe", "domain_traffic"):
        for threads in (2, 1):
            name = f"{algo}, {threads} thread{'s' * (threads > 1)}"
            commands[name] = (job(FLOWS, log, threads, algo, DATA / f"out-{algo}"), False)
    best = measure("jobs", commands, args.rounds)
    mb = log.stat().st_size / 1e6
    save = best["save_dataframe, 2 threads"]
    return best, [
        ("SaveDataFrame, MB/s of input, 2 threads", mb / save["seconds"], ">= 150"),
        ("SaveDataFrame, MB/s of input, 1 thread",
         mb / best["save_dataframe, 1 thread"]["seconds"], ""),
        ("SaveDataFrame, peak MB", save["peak_mb"], "<= 200"),
        ("DomainTraffic, MB/s of input, 2 threads",
         mb / best["domain_traffic, 2 threads"]["seconds"], ""),
    ]


def gzip_files(args):
    """The same question of gzip files, beside ISA-L that only inflates them."""
    folder = DATA / f"squid-gz-{args.bytes}"
    made(folder, lambda p: subprocess.run(
        [GENERATE, "squid", "--days", "2017_03_01", "2017_03_02", "--bytes-per-day",
         str(args.bytes // 2), "--gzip-every", "1", "--seed", "7", "--odd", "0", p],
        stderr=subprocess.DEVNULL, check=True))
    files = sorted(folder.iterdir())
    inflate = "for f; do igzip -d -c \"$f\" > /dev/null {} done; wait"
    best = measure("gzip", {
        "netlytics, 2 threads": (query(HTTP, folder, 2), True),
        "netlytics, 1 thread": (query(HTTP, folder, 1), True),
        "ISA-L alone, files in parallel": (["sh", "-c", inflate.format("&"), "sh", *files], False),
        "ISA-L alone, one after the other": (["sh", "-c", inflate.format(";"), "sh", *files], False),
    }, args.rounds, without_header)
    return best, [
        ("of ISA-L's speed, 2 files in parallel",
         best["ISA-L alone, files in parallel"]["seconds"]
         / best["netlytics, 2 threads"]["seconds"], ">= 0.7"),
        ("of ISA-L's speed, 1 thread",
         best["ISA-L alone, one after the other"]["seconds"]
         / best["netlytics, 1 thread"]["seconds"], ""),
    ]


TASKS = {"top_hosts": top_hosts, "jobs": jobs, "gzip": gzip_files}


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def document(records):
    lines = [
        "# Performance", "",
        "Written by `./dev bench`. Whole processes, best of some rounds that take turns, on one input; "
        "results are checked to be equal first. Seconds depend on the machine, the ratios hardly.", "",
    ]
    for name, record in records.items():
        lines += [f"## {name}: {TASKS[name].__doc__.strip()}", "",
                  f"{record['date']}, {record['machine']}, {record['bytes'] / 1e9:g} GB, commit "
                  f"{record['commit']}", "", "| command | seconds | CPU seconds | peak MB |",
                  "|---|---|---|---|"]
        lines += [f"| {command} | {f['seconds']:.2f} | {f['cpu']:.2f} | {f['peak_mb']} |"
                  for command, f in record["commands"].items()]
        lines += ["", "| figure | value | target |", "|---|---|---|"]
        lines += [f"| {figure} | {value:.3g} | {target} |"
                  for figure, value, target in record["figures"]]
        lines.append("")
    (ROOT / "docs" / "performance.md").write_text("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bytes", type=int, default=1_000_000_000, help="size of the log")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=TASKS, help="one task")
    args = parser.parse_args()
    for tool in ("mawk", "igzip"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True,
                            capture_output=True, check=False).stdout.strip()
    results = ROOT / "bench" / "results.jsonl"
    records = {}
    if results.exists():
        for line in results.read_text().splitlines():
            record = json.loads(line)
            records[record["task"]] = record
    with open(results, "a") as file:
        for name, task in TASKS.items():
            if args.only not in (None, name):
                continue
            print(f"{name}: {task.__doc__.strip()}")
            best, figures = task(args)
            record = {
                "task": name, "date": datetime.date.today().isoformat(), "machine": machine(),
                "commit": commit, "bytes": args.bytes, "rounds": args.rounds, "commands": best,
                "figures": [[f, round(v, 3), t] for f, v, t in figures],
            }
            for figure, value, target in figures:
                print(f"  {figure:44} {value:8.3g}  {target}")
            file.write(json.dumps(record) + "\n")
            records[name] = record
    document({name: records[name] for name in TASKS if name in records})


if __name__ == "__main__":
    main()
