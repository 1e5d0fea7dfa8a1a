# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed beside its peers: `./dev bench [--bytes N] [--rounds N] [--only NAME ...]`.

Every task runs all its commands on the same input, one after the other in each round, checks that
they give the same result, and keeps the best of the rounds. What counts are the ratios of one run:
seconds depend on the machine. Peers that are not installed are left out, and said so. Results are appended to bench/results.jsonl and docs/performance.md is
written anew.
"""

import argparse
import datetime
import gzip
import itertools
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
                kept = best.setdefault(name, dict(figures))
                kept["seconds"] = min(kept["seconds"], figures["seconds"])
                kept["cpu"] = min(kept["cpu"], figures["cpu"])
                kept["peak_mb"] = max(kept["peak_mb"], figures["peak_mb"])
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


def query(connector, path, threads, sql=TOP_HOSTS):
    return [PROGRAM, "query", "-c", connector, "-i", path, "--threads", str(threads), "-q",
            sql, "--format", "csv", "--quiet"]


def job(connector, path, threads, algo, output):
    return [PROGRAM, "job", "-c", connector, "-i", path, "--threads", str(threads), "--algo", algo,
            "-o", output, "--overwrite", "--quiet"]


def without_header(text):
    lines = text.splitlines()
    return sorted(line for line in lines if line.rpartition(",")[2].isdigit())


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


def generated(path, log, **sizes):
    """A log of generate_logs.c, made once."""
    def make(part):
        arguments = [text for key, value in sizes.items() for text in (f"--{key}", str(value))]
        with open(part, "wb") as file:
            subprocess.run([GENERATE, log, *arguments], stdout=file, check=True)
    return made(path, make)


def packed(path):
    """The same, packed by gzip as tools that rotate logs do it."""
    def make(part):
        with open(part, "wb") as file:
            subprocess.run(["gzip", "-c", path], stdout=file, check=True)
    return made(path.with_name(path.name + ".gz"), make)


# ---- peers' words for the questions: NAME,VALUE of the 50 greatest values, ties by name ----

TOP = "ORDER BY 2 DESC, 1 LIMIT 50"
PIPE_TOP = " | sort -t, -k2,2nr -k1,1 | head -n 50"


def shell(command, *arguments):
    return ["sh", "-c", "LC_ALL=C; export LC_ALL; " + command, "sh", *map(str, arguments)]


def mawk(program, *paths, separator=None):
    """The program fills n[name]."""
    split = f"-F '{separator}' " if separator else ""
    end = 'END { for (k in n) printf "%s,%.0f\\n", k, n[k] }'
    return shell(f"mawk {split}'{program} {end}' \"$@\"{PIPE_TOP}", *paths)


def duckdb_query(sql, threads):
    program = (f"import duckdb\ncon = duckdb.connect(config={{'threads': {threads}}})\n"
               "con.sql('SET enable_progress_bar = false')\n"
               f"for row in con.sql({sql!r}).fetchall():\n    print(f'{{row[0]}},{{row[1]}}')\n")
    return [sys.executable, "-c", program]


def read_csv(path, names, delimiter="\t", numbers=(), null="-", comment="#"):
    columns = ", ".join(f"'{name}': '{'BIGINT' if name in numbers else 'VARCHAR'}'" for name in names)
    return (f"read_csv('{path}', delim='{delimiter}', comment='{comment}', header=false, quote='', escape='', "
            f"nullstr='{null}', auto_detect=false, columns={{{columns}}})")


def zeek_names(path):
    with open(path, encoding="utf-8") as file:
        return next(line for line in file if line.startswith("#fields")).rstrip("\n").split("\t")[1:]


def installed(tool):
    if shutil.which(tool) is None:
        print(f"  left out: {tool} is not installed")
        return False
    return True


def ours(connector, path, sql, normal=True):
    return {f"netlytics, {threads} thread{'s' * (threads > 1)}": (query(connector, path, threads, sql), normal)
            for threads in (2, 1)}


def race(task, args, connector, path, size, sql, peers, target_mb=400):
    """Our program beside peers: its speed per core, its scaling, and how far ahead of the best."""
    commands = ours(connector, path, sql) | {name: (command, True) for name, command in peers.items()}
    best = measure(task, commands, args.rounds, without_header)
    return best, race_figures(best, list(peers), size, target_mb)


def race_figures(best, peers, size, target_mb=400):
    two, one = best["netlytics, 2 threads"], best["netlytics, 1 thread"]
    figures = [("MB/s per CPU second, 1 thread", size / 1e6 / one["cpu"], f">= {target_mb}" if target_mb else ""),
               ("times faster with 2 threads", one["seconds"] / two["seconds"], ">= 1.8"),
               ("peak MB", max(two["peak_mb"], one["peak_mb"]), "<= 100")]
    if peers:
        fastest = min(best[name]["seconds"] for name in peers)
        thriftiest = min(best[name]["cpu"] for name in peers)
        figures += [("times the best peer's speed, 2 threads", fastest / two["seconds"], ">= 4"),
                    ("best peer's CPU seconds by ours", thriftiest / one["cpu"], ">= 4")]
    return figures


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
    best = measure("gzip_files", {
        "netlytics, 2 threads": (query(HTTP, folder, 2), True),
        "netlytics, 1 thread": (query(HTTP, folder, 1), True),
        "count(*), 1 thread": (query(HTTP, folder, 1, "SELECT count(*) FROM netlytics"), False),
        "longest host, 1 thread": (
            query(HTTP, folder, 1, "SELECT max(length(host)) FROM netlytics"), False),
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
        ("of ISA-L's CPU speed, count(*): no aggregate of DuckDB's",
         best["ISA-L alone, one after the other"]["cpu"] / best["count(*), 1 thread"]["cpu"], ""),
        ("CPU seconds of inflating", best["ISA-L alone, one after the other"]["cpu"], ""),
        ("CPU seconds of our reading and parsing", best["count(*), 1 thread"]["cpu"]
         - best["ISA-L alone, one after the other"]["cpu"], ""),
        ("CPU seconds of DuckDB's aggregate and its hand-over", best["netlytics, 1 thread"]["cpu"]
         - best["count(*), 1 thread"]["cpu"], ""),
    ]


def zeek_dns(args):
    """Zeek dns.log: top 50 names."""
    return zeek_dns_race("zeek_dns", args, lambda path: path)


def zeek_dns_gzip(args):
    """The same log as one gzip file."""
    best, figures = zeek_dns_race("zeek_dns_gzip", args, packed)
    return best, [figure for figure in figures if "2 threads" not in figure[0]] # one file, one thread


def zeek_dns_race(task, args, form):
    plain = generated(DATA / f"zeek-{args.bytes}" / "dns.log", "zeek-dns", bytes=args.bytes * 3 // 10)
    path = form(plain)
    cat = "cat" if path == plain else "zcat"
    count = "!/^#/ { n[$10]++ }"
    names = read_csv(path, zeek_names(plain))
    peers = {f"{cat} | mawk": shell(f"{cat} \"$1\" | mawk -F '\t' '{count} END {{ for (k in n) printf "
                                    f"\"%s,%.0f\\n\", k, n[k] }}'{PIPE_TOP}", path)}
    for threads in (2, 1):
        peers[f"DuckDB read_csv, {threads} thread{'s' * (threads > 1)}"] = duckdb_query(
            f"SELECT query, count(*) FROM {names} GROUP BY 1 {TOP}", threads)
    if path == plain and installed("zeek-cut"):
        peers["zeek-cut | sort | uniq"] = shell(
            "zeek-cut query < \"$1\" | sort -S 1G | uniq -c | awk '{ print $2 \",\" $1 }'" + PIPE_TOP, path)
    return race(task, args, "zeek:DNS", path, plain.stat().st_size,
                f"SELECT query, count(*) FROM netlytics GROUP BY 1 {TOP}", peers,
                400 if path == plain else None)


def zeek_flows(args):
    """Zeek conn.log with the names that http.log and ssl.log tell: bytes by name, top 50."""
    folder = DATA / f"zeek-{args.bytes}"
    items = args.bytes // 272  # about half of the bytes in conn.log
    conn, http, ssl = (generated(folder / f"{log}.log", f"zeek-{log}", items=items)
                       for log in ("conn", "http", "ssl"))
    size = sum(path.stat().st_size for path in (conn, http, ssl))
    program = """/^#/ { next } FILENAME ~ /http.log$/ { h[$2] = $9; next }
        FILENAME ~ /ssl.log$/ { if (!($2 in h)) h[$2] = $10; next }
        $7 == "tcp" { n[$2 in h ? h[$2] : $5] += $10 + $11 }"""
    numbers = ("orig_bytes", "resp_bytes")
    sql = f"""WITH h AS (SELECT uid, min(host) AS host FROM {read_csv(http, zeek_names(http))} GROUP BY uid),
        s AS (SELECT uid, min(server_name) AS sni FROM {read_csv(ssl, zeek_names(ssl))} GROUP BY uid)
        SELECT coalesce(h.host, s.sni, c."id.resp_h"), sum(coalesce(orig_bytes, 0) + coalesce(resp_bytes, 0))
        FROM {read_csv(conn, zeek_names(conn), numbers=numbers)} c LEFT JOIN h USING (uid)
        LEFT JOIN s USING (uid) WHERE c.proto = 'tcp' GROUP BY 1 {TOP}"""
    peers = {"mawk": mawk(program, http, ssl, conn, separator="\\t")}
    for threads in (2, 1):
        peers[f"DuckDB read_csv and join, {threads} thread{'s' * (threads > 1)}"] = duckdb_query(sql, threads)
    best, figures = race("zeek_flows", args, "zeek:NamedFlows", conn, size,
                         f"SELECT name, sum(c_bytes + s_bytes) FROM netlytics GROUP BY 1 {TOP}", peers, None)
    return best, [(figure, value, target if figure != "peak MB" else "names of all flows")
                  for figure, value, target in figures]


def tstat_tcp(args):
    """Tstat log_tcp_complete, 131 columns: bytes by name, top 50."""
    path = generated(DATA / f"tstat-{args.bytes}" / "log_tcp_complete", "tstat-tcp", bytes=args.bytes * 3 // 10)
    with open(path, encoding="utf-8") as file:
        names = [name.split(":")[0].split("#")[-1] for name in file.readline().split()]
    program = """/^#/ { next } { k = $131; if (k == "-") k = $116; if (k == "-") k = $127
        if (k == "-") k = $15; n[k] += $9 + $23 }"""
    table = read_csv(path, names, " ", ("c_bytes_all", "s_bytes_all"))
    peers = {"mawk": mawk(program, path)}
    for threads in (2, 1):
        peers[f"DuckDB read_csv, {threads} thread{'s' * (threads > 1)}"] = duckdb_query(
            "SELECT coalesce(http_hostname, c_tls_SNI, fqdn, s_ip), sum(c_bytes_all + s_bytes_all) "
            f"FROM {table} GROUP BY 1 {TOP}", threads)
    return race("tstat_tcp", args, "tstat:NamedFlows", path, path.stat().st_size,
                f"SELECT name, sum(c_bytes + s_bytes) FROM netlytics GROUP BY 1 {TOP}", peers)


def tstat_dns(args):
    """Tstat log_dns_complete, 22 columns: transactions by name, top 50."""
    path = generated(DATA / f"tstat-{args.bytes}" / "log_dns_complete", "tstat-dns", bytes=args.bytes * 3 // 10)
    program = """$10 == "REQ" { n[substr($12, 1, length($12) - 1)]++ }"""
    return race("tstat_dns", args, "tstat:DNS", path, path.stat().st_size,
                f"SELECT query, count(*) FROM netlytics GROUP BY 1 {TOP}",
                {"mawk, queries only": mawk(program, path)})


def tstat_http(args):
    """Tstat log_http_complete: bytes by host, top 50."""
    path = generated(DATA / f"tstat-{args.bytes}" / "log_http_complete", "tstat-http",
                     bytes=args.bytes * 3 // 10)
    program = """/^#/ { next } $6 == "GET" { h[$1 " " $2 " " $3] = $7; next }
        $6 == "HTTP" { n[h[$1 " " $2 " " $3]] += $8 }"""
    return race("tstat_http", args, "tstat:HTTP", path, path.stat().st_size,
                f"SELECT host, sum(response_body_len) FROM netlytics GROUP BY 1 {TOP}",
                {"mawk, last request of the flow": mawk(program, path, separator="\\t")})


def bind(args):
    """BIND query log: top 50 names."""
    path = generated(DATA / f"bind-{args.bytes}.log", "bind", bytes=args.bytes * 3 // 10)
    program = """{ i = index($0, " query: "); if (i) { r = substr($0, i + 8); n[substr(r, 1, index(r, " ") - 1)]++ } }"""
    sql = ("SELECT string_split(string_split(l, ' query: ')[2], ' ')[1], count(*) FROM "
           + read_csv(path, ["l"], "\x01", null="", comment="") + f" GROUP BY 1 {TOP}")
    peers = {"mawk": mawk(program, path)}
    for threads in (2, 1):
        peers[f"DuckDB read_csv, {threads} thread{'s' * (threads > 1)}"] = duckdb_query(sql, threads)
    return race("bind", args, "bind:DNS", path, path.stat().st_size,
                f"SELECT query, count(*) FROM netlytics GROUP BY 1 {TOP}", peers)


ALL_DNS = ("answer_ttls", "answer_types", "answers", "c_ip", "c_port", "flags_req", "flags_resp", "query",
           "req_class", "req_time", "req_type", "resp_code", "resp_time", "s_ip", "s_port", "trans_id")


def pcap(args):
    """A capture of DNS queries and their responses: top 50 names; all columns."""
    path = generated(DATA / f"dns-{args.bytes}.pcap", "pcap-dns", bytes=args.bytes)
    names = f"SELECT query, count(*) FROM netlytics GROUP BY 1 {TOP}"
    columns = "SELECT " + ", ".join(f"count({column})" for column in ALL_DNS) + " FROM netlytics"
    commands = ours("pcap:DNS", path, names)
    for threads in (2, 1):
        commands[f"all columns, {threads} thread{'s' * (threads > 1)}"] = (
            query("pcap:DNS", path, threads, columns), False)
    if installed("packetq"):
        commands["PacketQ"] = (shell(
            "packetq --csv -s 'select qname, count(*) as c from dns where qr=0 group by qname "
            "order by c desc, qname limit 50' \"$1\" | tr -d '\"' | sed 's/\\.,/,/'", path), True)
    best = measure("pcap", commands, args.rounds, without_header)
    counted = subprocess.run(query("pcap:DNS", path, 2, "SELECT count(*) + count(resp_time) FROM netlytics"),
                             capture_output=True, check=True, text=True)
    millions = int(counted.stdout.split()[-1]) / 1e6
    two, one = best["netlytics, 2 threads"], best["netlytics, 1 thread"]
    figures = [("million messages per CPU second, names only", millions / one["cpu"], ">= 5"),
               ("million messages per CPU second, all columns", millions / best["all columns, 1 thread"]["cpu"],
                ">= 2.5"),
               ("times faster with 2 threads", one["seconds"] / two["seconds"], ">= 1.8"),
               ("peak MB", max(figures["peak_mb"] for name, figures in best.items() if name != "PacketQ"), "<= 300")]
    if "PacketQ" in best:
        figures += [("times PacketQ's speed, our 2 threads", best["PacketQ"]["seconds"] / two["seconds"], ">= 8"),
                    ("PacketQ's CPU seconds by ours", best["PacketQ"]["cpu"] / one["cpu"], "")]
    return best, figures


def what(args):
    """WHAT over flows of visits to 40 services, as a Squid log, within 1 GB of memory."""
    sessions = max(args.bytes // 2440, 1)  # 49 flows each
    log = generated(DATA / f"visits-{sessions}.log", "visits-squid", items=sessions)
    cores = generated(DATA / "visits-cores", "visits-cores", items=40).read_text().split()
    params = json.dumps({"CORES": cores})
    commands = {}
    for threads in (2, 1):
        commands[f"netlytics, {threads} thread{'s' * (threads > 1)}"] = (
            [*job(FLOWS, log, threads, "algos.WHAT.WHAT", DATA / "what"), "--params", params, "--memory", "1G"], False)
    best = measure("what", commands, args.rounds)
    flows = int(subprocess.run(query(FLOWS, log, 2, "SELECT count(*) FROM netlytics"), capture_output=True, check=True,
                               text=True).stdout.split()[-1])
    two, one = best["netlytics, 2 threads"], best["netlytics, 1 thread"]
    return best, [
        ("million flows", flows / 1e6, ""),
        ("seconds for 20 million flows, 2 threads", two["seconds"] * 20e6 / flows, "<= 12"),
        ("CPU seconds for 20 million flows, 2 threads", two["cpu"] * 20e6 / flows, "<= 24"),
        ("times faster with 2 threads", one["seconds"] / two["seconds"], ""),
        ("peak MB", max(figures["peak_mb"] for figures in best.values()), "<= 1100"),
    ]


FILES_OF_A_YEAR = 365 * 24


def many_files(args):
    """A year of hourly files (8,760, gzip), beside all of their lines in one."""
    log = generated(DATA / "zeek-hours.log", "zeek-dns", bytes=100_000_000)

    def cut(part):
        # Line by line: what this program holds would count as its children's peak.
        with open(log, "rb") as file:
            head = [line for line in file if line.startswith(b"#")]
        with open(log, "rb") as file:
            n_rows = sum(1 for line in file) - len(head)
        with open(log, "rb") as file:
            rows = (line for line in file if not line.startswith(b"#"))
            for hour in range(FILES_OF_A_YEAR):
                day = datetime.date(2017, 1, 1) + datetime.timedelta(days=hour // 24)
                folder = part / day.isoformat()
                folder.mkdir(parents=True, exist_ok=True)
                begin, end = (n_rows * at // FILES_OF_A_YEAR for at in (hour, hour + 1))
                text = b"".join([*head, *itertools.islice(rows, end - begin)])
                name = f"dns.{hour % 24:02}:00:00-{hour % 24 + 1:02}:00:00.log.gz"
                (folder / name).write_bytes(gzip.compress(text, 6))

    folder = made(DATA / "zeek-hours", cut)
    single = packed(log)
    sql = f"SELECT query, count(*) FROM netlytics GROUP BY 1 {TOP}"
    best = measure("many_files", {
        f"{what}, {threads} thread{'s' * (threads > 1)}": (query("zeek:DNS", path, threads, sql), True)
        for threads in (2, 1) for what, path in (("8,760 files", folder), ("one file", single))
    }, args.rounds, without_header)
    many, one = best["8,760 files, 1 thread"], best["one file, 1 thread"]
    return best, [
        ("ms per file above one file's time, 1 thread", (many["cpu"] - one["cpu"]) * 1000 / FILES_OF_A_YEAR,
         "<= 0.3"),
        ("peak MB", max(figures["peak_mb"] for figures in best.values()), "<= 100"),
    ]


# NamedFlows from the fields of a conn.log.
CONN_TYPES = {"ts": "DOUBLE", "duration": "DOUBLE"} | dict.fromkeys(
    ("id.orig_p", "id.resp_p", "orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts"), "BIGINT")
CONN_TO_FLOWS = '''
import duckdb
duckdb.connect(config={{"threads": 2}}).sql("""COPY (SELECT coalesce(orig_bytes, 0) AS c_bytes, "id.orig_h" AS c_ip,
    orig_pkts AS c_pkt, "id.orig_p" AS c_port, "id.resp_h" AS name, coalesce(resp_bytes, 0) AS s_bytes,
    "id.resp_h" AS s_ip, resp_pkts AS s_pkt, "id.resp_p" AS s_port, ts + coalesce(duration, 0) AS time_end,
    ts AS time_start
    FROM read_csv('{conn}', delim='\\t', comment='#', header=false, quote='', escape='', nullstr='-',
    auto_detect=false, columns={{{columns}}}) WHERE proto = 'tcp')
    TO '{out}' (FORMAT parquet, COMPRESSION zstd)""")
'''


def parquet(args):
    """Logs to Parquet (zstd): a Squid log; a Zeek conn.log.gz, beside DuckDB that makes the same table."""
    squid = made(DATA / f"squid-{args.bytes}.log", lambda p: generate(p, args.bytes, 7))
    conn = generated(DATA / "conn-500000000.log", "zeek-conn", bytes=500_000_000)
    out, theirs = DATA / "out.parquet", DATA / "theirs.parquet"

    def convert(connector, path, threads):
        return [PROGRAM, "query", "-c", connector, "-i", path, "--threads", str(threads), "-q",
                "SELECT * FROM netlytics", "-o", out, "--quiet"]

    columns = ", ".join(f"'{name}': '{CONN_TYPES.get(name, 'VARCHAR')}'" for name in zeek_names(conn))
    peer = CONN_TO_FLOWS.format(conn=packed(conn), columns=columns, out=theirs)
    best = measure("parquet", {
        "Squid, 2 threads": (convert(HTTP, squid, 2), False),
        "Squid, 1 thread": (convert(HTTP, squid, 1), False),
        "Zeek conn.log.gz, 2 threads": (convert("zeek:flows", packed(conn), 2), False),
        "DuckDB read_csv, the same log, 2 threads": ([sys.executable, "-c", peer], False),
    }, args.rounds)
    sums = [subprocess.check_output(duckdb_query(
        f"SELECT count(*), [sum(c_bytes), sum(s_pkt), sum(hash(c_ip, s_ip))] FROM '{path}'", 2))
        for path in (out, theirs)]
    if sums[0] != sums[1]:
        sys.exit(f"parquet: other rows than DuckDB's: {sums}")
    out.unlink()
    theirs.unlink()
    ours2, duck = best["Zeek conn.log.gz, 2 threads"], best["DuckDB read_csv, the same log, 2 threads"]
    return best, [
        ("Squid, MB/s of input, 2 threads", args.bytes / 1e6 / best["Squid, 2 threads"]["seconds"], ">= 180"),
        ("Squid, times faster with 2 threads",
         best["Squid, 1 thread"]["seconds"] / best["Squid, 2 threads"]["seconds"], ">= 1.8"),
        ("Zeek, times DuckDB's speed", duck["seconds"] / ours2["seconds"], ">= 3"),
        ("Zeek, DuckDB's CPU seconds by ours", duck["cpu"] / ours2["cpu"], ">= 3"),
    ]


def cache(args):
    """The second question of a Squid log, answered from --cache, beside the same question of its text."""
    log = made(DATA / f"squid-{args.bytes}.log", lambda p: generate(p, args.bytes, 7))
    with tempfile.TemporaryDirectory(dir=DATA) as folder:
        def cached(threads):
            return [*query(HTTP, log, threads), "--cache", folder]
        first = run(cached(2), Path(folder) / "first")
        best = measure("cache", {
            "from text, 2 threads": (query(HTTP, log, 2), True),
            "from the cache, 2 threads": (cached(2), True),
            "from text, 1 thread": (query(HTTP, log, 1), True),
            "from the cache, 1 thread": (cached(1), True),
        }, args.rounds, without_header)
    best["first time, which fills the cache, 2 threads"] = first
    return best, [
        (f"times faster from the cache, {threads}",
         best[f"from text, {threads}"]["seconds"] / best[f"from the cache, {threads}"]["seconds"], ">= 5")
        for threads in ("2 threads", "1 thread")
    ]


def hdfs(args):
    """The same question of the log on HDFS, read through WebHDFS: a NameNode and a DataNode on this machine."""
    sys.path.insert(0, str(ROOT / "tests" / "cluster"))
    from hdfs import Hdfs  # real daemons, as in the tests

    log = made(DATA / f"squid-{args.bytes}.log", lambda p: generate(p, args.bytes, 7))
    jars = (ROOT / "build" / "hadoop" / "classpath").read_text().strip()
    with tempfile.TemporaryDirectory(dir=DATA) as folder:
        cluster = Hdfs(Path(folder), jars, datanodes=1)
        cluster.site["dfs.blocksize"] = 128 << 20
        cluster.java_flags = ["-XX:TieredStopAtLevel=4", "-Xmx512m"]  # as daemons run, not as tests want them
        try:
            cluster.start()
            cluster.upload("/squid/access.log-20170301", log)
            commands = {}
            for threads in (2, 1):
                name = f"{threads} thread{'s' * (threads > 1)}"
                commands[f"local, {name}"] = (query(HTTP, log, threads), True)
                commands[f"WebHDFS, {name}"] = (query(HTTP, f"{cluster.web}/squid", threads), True)
            commands["curl, which reads only"] = (
                ["curl", "-sL", "-o", "/dev/null", cluster.url("/squid/access.log-20170301", "OPEN")], False)
            before = cluster.cpu_seconds()
            best = measure("hdfs", commands, args.rounds, without_header)
            theirs = (cluster.cpu_seconds() - before) / args.rounds / 3  # readings of the log in a round
        finally:
            cluster.stop()
    return best, [
        *((f"of local speed, {threads}",
           best[f"local, {threads}"]["seconds"] / best[f"WebHDFS, {threads}"]["seconds"], ">= 0.6")
          for threads in ("2 threads", "1 thread")),
        ("of local speed by our own CPU seconds, 1 thread",
         best["local, 1 thread"]["cpu"] / best["WebHDFS, 1 thread"]["cpu"], ">= 0.6, daemons elsewhere"),
        ("the daemons' CPU seconds for one reading, on the same cores", theirs, ""),
    ]


def start(args):
    """The smallest question, from start to exit."""
    log = generated(DATA / "zeek-small.log", "zeek-dns", items=10)
    best = measure("start", {"SELECT 1": (query("zeek:DNS", log, 2, "SELECT 1"), False)},
                   max(args.rounds, 10))
    return best, [("ms", best["SELECT 1"]["seconds"] * 1000, "<= 60")]


TASKS = {task.__name__: task for task in (
    top_hosts, jobs, gzip_files, zeek_dns, zeek_dns_gzip, zeek_flows, tstat_tcp, tstat_dns, tstat_http, bind,
    pcap, many_files, parquet, cache, what, hdfs, start)}


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
    parser.add_argument("--only", choices=TASKS, nargs="+", help="these tasks")
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
            if args.only is not None and name not in args.only:
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
