# SPDX-License-Identifier: GPL-3.0-or-later
"""WHAT from end to end: the worked example, random flows against a second implementation, saved bags."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
import subprocess
import time

import pytest

from conftest import BIN, GENERATE
from what_reference import Flow, normal, what

COLUMNS = ["c_ip", "time_start", "time_end", "name", "c_bytes", "s_bytes", "c_pkt", "c_port", "s_ip", "s_pkt", "s_port"]


def write_flows(path, flows):
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        for f in flows:
            c = f.bytes // 3
            out.writerow([f.client, f.start, "" if f.end is None else f.end, "" if f.name is None else f.name, c,
                          f.bytes - c, 1, 1, "192.0.2.1", 1, 443])  # fmt: skip


def job(run, params, *more, connector="csv", path="flows.csv", out="out", code=0):
    return run("job", "-c", connector, "-i", path, "--algo", "algos.WHAT.WHAT", "--params", json.dumps(params),
               "-o", out, *more, code=code)  # fmt: skip


def report(run, out="out"):
    rows = list(csv.reader((run.folder / out / "report.csv").open()))
    assert rows[0] == ["service", "bytes"]
    return [(name, int(value)) for name, value in rows[1:]]


def bags(path):
    saved = json.loads(path.read_text())
    return saved["L"], saved["occurrences"], saved["bags"]


def example(last="video7.bcdn.net"):
    names = [(0, "x.net"), (20, "news.example"), (21, "img.cdnone.net"), (22, "ads.tracker.net"), (50, "news.example"),
             (51, "img.cdnone.net"), (80, "shop.example"), (81, "ads.tracker.net"), (82, last)]
    return [Flow("10.0.0.1", start, start + 1, name, 100) for start, name in names]


CORES = ["news.example", "shop.example"]


def test_worked_example(run):
    write_flows(run.folder / "flows.csv", example())
    job(run, {"CORES": CORES, "SAVE_FLOWS": True})
    assert report(run) == [("news.example", 500), ("shop.example", 300), ("UNKNOWN", 100)]
    n, occurrences, found = bags(run.folder / "out/bags.json")
    assert (n, occurrences) == (2, {"news.example": 2, "shop.example": 1})
    shown = {core: {d: (e["freq"], round(e["weight"], 5)) for d, e in bag.items()} for core, bag in found.items()}
    assert shown == {"news.example": {"img.cdnone.net": (1.0, 0.30103), "ads.tracker.net": (0.5, 0.0)},
                     "shop.example": {"ads.tracker.net": (1.0, 0.0), "videoD.bcdn.net": (1.0, 0.30103)}}  # fmt: skip
    with (run.folder / "out/flows.csv").open() as file:
        services = [row["service"] for row in csv.DictReader(file)]
    assert services == ["UNKNOWN"] + ["news.example"] * 5 + ["shop.example"] * 3


TRAINED = {"aa.example": {"img.cdna.net": 0.3, "bb.example": 0.2}, "bb.example": {"video.cdnb.net": 0.4}}


def seal(folder, found, version=1, change=lambda text: text):
    """bags.json as a run keeps it, with the checksum as it is defined: FNV-1a of the object alone."""
    entries = {core: {d: {"freq": 1.0, "weight": w} for d, w in bag.items()} for core, bag in found.items()}
    text = change(json.dumps({"L": len(found), "occurrences": dict.fromkeys(found, 1), "bags": entries}))
    checksum = 0xCBF29CE484222325
    for byte in text.encode():
        checksum = (checksum ^ byte) * 0x100000001B3 % 2**64
    folder.mkdir(exist_ok=True)
    (folder / "bags.json").write_text(f'{{"version":{version},"checksum":"{checksum:016x}",{text[1:]}')


@pytest.mark.parametrize(("last", "trigger", "service"), [
    ("video.cdnb.net", "history", "bb.example"), ("img.cdna.net", "history", "aa.example"),
    ("video.cdnb.net", "future", "bb.example"), ("img.cdna.net", "future", "aa.example")])  # fmt: skip
def test_trigger(run, last, trigger, service):
    """A opened at 0, img at 1, B at 2, last at 3. Past and future: 0.1667 < 0.4, or 0.4 > 0; future alone:
    0 < 0.4, or 0 < 0.3."""
    names = ["aa.example", "img.cdna.net", "bb.example", last]
    write_flows(run.folder / "flows.csv", [Flow("10.0.0.1", t, t + 1, name, 100) for t, name in enumerate(names)])
    seal(run.folder / "kept", TRAINED)
    job(run, {"CORES": list(TRAINED), "USE_SAVED": True, "SAVE_FLOWS": True, "TRIGGER": trigger}, "--persistent_dir_local", "kept")
    with (run.folder / "out/flows.csv").open() as file:
        assert [row["service"] for row in csv.DictReader(file)][2] == service


# ---- random flows against the second implementation ----

SUPPORT = ["img.cdnone.net", "d1ab2.cloudfront.net", "d9zz.cloudfront.net", "ads.tracker.net", "r4---sn-hp7.googlevideo.com",
           "r12---sn-q.googlevideo.com", "e12.g.akamai.net", "video7.bcdn.net", "Video8.bcdn.net.", "static.shop.example",
           "news.example", "api.news.example"]  # fmt: skip
NAMELESS = [None, "-", "192.0.2.7", "2001:db8::1"]
SOME_CORES = ["news.example", "shop.example", "mail.example", "www.news.example", "quiet.example"]


def random_flows(seed, n_clients=4, n_visits=25, crowd=1.0):
    """Visits that overlap, silences between them, names and bytes at random; times in quarters of a second, so
    that many are equal."""
    r = random.Random(seed)
    liked = {core: r.sample(SUPPORT, 4) for core in SOME_CORES}
    flows = []
    for client in range(n_clients):
        now = 100.0
        for _ in range(n_visits):
            now += r.choice([0.5, 2, 9, 10, 10.25, 14, 40]) / crowd
            core = r.choice(SOME_CORES[:4])
            names = [(now, core)]
            names += [(now + r.randrange(40) / 4, r.choice(liked[core])) for _ in range(r.randrange(8))]
            names += [(now + r.randrange(40) / 4, r.choice(SUPPORT + SOME_CORES[:4] + NAMELESS)) for _ in range(r.randrange(4))]
            for start, name in names:
                end = r.choice([None, start - 1, start, start + 1, start + r.randrange(20) / 4])
                flows.append(Flow(f"10.0.0.{client}", start, end, name, r.randrange(10**6)))
    r.shuffle(flows)
    return flows


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("trigger", ["history", "future"])
def test_random_flows(run, seed, trigger):
    flows = random_flows(seed, crowd=[1, 3][seed % 2])
    r = random.Random(seed)
    options = {"ow": r.choice([10, 4, 2.5]), "gap": r.choice([10, 0, 3]), "ew": r.choice([5, 2.5, 1]),
               "minfreq": r.choice([0.05, 0, 0.3, 0.5]), "bag_count": r.choice(["windows", "flows"])}  # fmt: skip
    cores = SOME_CORES if seed % 3 else {"news": SOME_CORES[:1] + SOME_CORES[3:4], "others": SOME_CORES[1:3]}
    # Names of csv files are read as they are: those of the tables are lower case without a final dot.
    for f in flows:
        f.name = f.name.lower().removesuffix(".") if f.name is not None else None
    # rows of a csv file have no place: they are ordered by all columns from left to right, NULL first
    flows.sort(key=lambda f: (f.client, f.start, f.end is not None, f.end, f.name is not None, f.name, f.bytes // 3, f.bytes))
    write_flows(run.folder / "flows.csv", flows)
    expected, occurrences, expected_bags, labels = what(flows, cores, trigger=trigger, **options)
    params = {"CORES": cores, "TRIGGER": trigger, "SAVE_FLOWS": seed % 2 == 0,
              **{key.upper(): value for key, value in options.items()}}  # fmt: skip
    done = job(run, params, "--threads", 1 + seed % 3)
    assert "warning" not in done.stderr.replace("no support domains", "") or "no support domains" in done.stderr
    assert report(run) == expected
    n, found_occurrences, found = bags(run.folder / "out/bags.json")
    assert found_occurrences == {core: occurrences[core] for core in found_occurrences}
    assert {core: {d: e["freq"] for d, e in bag.items()} for core, bag in found.items()} == {
        core: {d: freq for d, (freq, _) in bag.items()} for core, bag in expected_bags.items()}
    for core, bag in found.items():
        for d, entry in bag.items():
            assert entry["weight"] == pytest.approx(expected_bags[core][d][1], rel=1e-14, abs=0)
    if seed % 2 == 0:
        # the rows of a csv file come in the order of all columns: compared as a multiset
        with (run.folder / "out/flows.csv").open() as file:
            got = sorted((row["c_ip"], float(row["time_start"]), row["name"], int(row["c_bytes"]) + int(row["s_bytes"]),
                          row["service"]) for row in csv.DictReader(file))
        assert got == sorted((f.client, f.start, f.name or "", f.bytes, label) for f, label in zip(flows, labels))


@pytest.mark.parametrize(("name", "expected"), [
    ("d3ag4hukkh62yn.cloudfront.net", "X.cloudfront.net"), ("d1.profile.fra2.cloudfront.net", "X.cloudfront.net"),
    ("sub.d111.cloudfront.net", "sub.X.cloudfront.net"), ("img-12-x.cdn77.org", "img-D-C.cdnD.org"),
    ("r4---sn-hpa7kn7s.googlevideo.com", "CD---sn-X.googlevideo.com"), ("a.b.c.example.com", "C.C.C.example.com"),
    ("e1234.g.akamaiedge.net", "CD.C.akamaiedge.net"), ("www.example.com", "www.example.com")])  # fmt: skip
def test_names_of_the_second_implementation(name, expected):
    assert normal(name) == expected


# ---- edges ----


def test_empty_table(run):
    (run.folder / "access.log").write_text("")
    done = job(run, {"CORES": CORES}, connector="squid:flows", path="access.log")
    assert report(run) == [("UNKNOWN", 0), ("news.example", 0), ("shop.example", 0)]
    assert "the table has no rows" in done.stderr


def test_no_silence(run):
    write_flows(run.folder / "flows.csv", [Flow("10.0.0.1", t, t, "news.example" if t % 2 else "img.example", 7) for t in range(60)])
    done = job(run, {"CORES": CORES})
    assert report(run) == [("UNKNOWN", 210), ("news.example", 210), ("shop.example", 0)]
    assert "no training window" in done.stderr and "lower GAP?" in done.stderr
    assert "news.example (never seen after a silence), shop.example (never seen after a silence)" in done.stderr
    assert bags(run.folder / "out/bags.json") == (0, {"news.example": 0, "shop.example": 0}, {"news.example": {}, "shop.example": {}})


def test_bytes_that_are_null(run):
    (run.folder / "flows.csv").write_text(",".join(COLUMNS) + "\n1.1.1.1,5,,news.example,,,,,,,\n1.1.1.1,9,,img.example,,4,,,,,\n")
    types = ", ".join(f"{name} BIGINT" for name in ("c_bytes", "s_bytes", "c_pkt", "s_pkt", "c_port", "s_port"))
    job(run, {"CORES": CORES, "SAVE_FLOWS": True}, "--columns", f"time_end DOUBLE, {types}")
    assert report(run) == [("UNKNOWN", 4), ("news.example", 0), ("shop.example", 0)]


def test_columns_that_only_pass_through(run):
    """A table of the six columns that WHAT reads: those that SAVE_FLOWS adds are NULL. Without one of the six there
    is no answer, and a message before the run."""
    (run.folder / "flows.csv").write_text("time_start,c_ip,time_end,name,s_bytes,C_PORT,c_bytes\n"
                                          "1,10.0.0.1,2,news.example,4,7,3\n9,10.0.0.2,9,x.net,1,8,1\n")  # fmt: skip
    job(run, {"CORES": CORES, "SAVE_FLOWS": True})
    assert (run.folder / "out/flows.csv").read_text().splitlines() == [
        "c_bytes,c_ip,c_pkt,c_port,name,s_bytes,s_ip,s_pkt,s_port,time_end,time_start,service",
        "3,10.0.0.1,,7,news.example,4,,,,2.0,1.0,news.example", "1,10.0.0.2,,8,x.net,1,,,,9.0,9.0,UNKNOWN"]
    (run.folder / "flows.csv").write_text("time_start,c_ip,time_end,name,c_bytes\n1,10.0.0.1,2,news.example,4\n")
    done = job(run, {"CORES": CORES, "SAVE_FLOWS": True}, out="other", code=2)
    assert 'needs a column "s_bytes" (bigint)' in done.stderr
    assert not (run.folder / "other").exists()


def test_cut_after_the_largest(run):
    write_flows(run.folder / "flows.csv", example())
    job(run, {"CORES": CORES, "N": 2})
    assert report(run) == [("news.example", 500), ("shop.example", 300)]


def test_milliseconds(run):
    write_flows(run.folder / "flows.csv", example())
    done = job(run, {"CORES": CORES, "OW": 10000, "GAP": 10000, "EW": 5000})
    for name in ("OW = 10000", "GAP = 10000", "EW = 5000"):
        assert f"{name}: seconds expected, looks like milliseconds" in done.stderr


@pytest.mark.parametrize(("params", "said"), [
    ({}, 'needs "CORES"'), ({"CORES": []}, "holds no host name"), ({"CORES": ["a.example", ""]}, "an empty name"),
    ({"CORES": ["."]}, "an empty name"), ({"CORES": [7]}, "no text"), ({"CORES": "a.example"}, "is no list"),
    ({"CORES": {}}, "holds no host name"), ({"CORES": {"s": []}}, "holds no host name"), ({"CORES": {"": ["a"]}}, "no name"),
    ({"CORES": {"UNKNOWN": ["a.example"]}}, "UNKNOWN"), ({"CORES": {"a": ["x.example"], "b": ["X.example."]}}, "two services"),
    ({"CORES": CORES, "OW": 0}, "OW"), ({"CORES": CORES, "GAP": -1}, "GAP"), ({"CORES": CORES, "EW": 0}, "EW"),
    ({"CORES": CORES, "MINFREQ": 1.5}, "MINFREQ"), ({"CORES": CORES, "N_TOP": 0}, "N_TOP"),
    ({"CORES": CORES, "TRIGGER": "past"}, "TRIGGER"), ({"CORES": CORES, "BAG_COUNT": 1}, "BAG_COUNT"),
    ({"CORES": CORES, "USE_SAVED": True}, "--persistent_dir_local")])  # fmt: skip
def test_wrong_parameters(run, params, said):
    write_flows(run.folder / "flows.csv", example())
    assert said in job(run, params, code=2).stderr
    assert not (run.folder / "out").exists()


# ---- what is kept ----


def test_saved_bags(run):
    write_flows(run.folder / "flows.csv", example())
    (run.folder / "temp").mkdir()
    job(run, {"CORES": CORES}, "--persistent_dir_local", "kept/below", "--temp_dir_local", "temp")
    kept = run.folder / "kept/below/bags.json"
    assert (run.folder / "temp/bags.json").read_bytes() == kept.read_bytes()
    assert sorted(path.name for path in (run.folder / "out").iterdir()) == ["report.csv", "report.json"]
    assert [path.name for path in kept.parent.iterdir()] == ["bags.json"]
    trained = report(run)
    job(run, {"CORES": CORES, "USE_SAVED": True}, "--persistent_dir_local", "kept/below", out="again")
    assert report(run, "again") == trained
    assert sorted(path.name for path in (run.folder / "again").iterdir()) == ["report.csv", "report.json"]
    done = job(run, {"CORES": [*CORES, "new.example"], "USE_SAVED": True}, "--persistent_dir_local", "kept/below", out="more")
    assert report(run, "more") == [*trained, ("new.example", 0)]
    assert "bags.json has no support domains for new.example" in done.stderr


def test_no_saved_bags(run):
    write_flows(run.folder / "flows.csv", example())
    done = job(run, {"CORES": CORES, "USE_SAVED": True}, "--persistent_dir_local", "kept", code=3)
    assert "kept/bags.json" in done.stderr
    assert not (run.folder / "out").exists()


def entry_of(weight, freq="1.0"):
    return lambda text: text.replace('{"freq": 1.0, "weight": 0.4}', f'{{"freq": {freq}, "weight": {weight}}}')


@pytest.mark.parametrize("change", [
    entry_of("NaN"), entry_of("-0.1"), entry_of("1e999"), entry_of('"0.4"'), entry_of("null"), entry_of("0.4", "-1"),
    lambda text: text.replace('"weight": 0.4', '"wait": 0.4'), lambda text: text.replace('"L": 2', '"L": null'),
    lambda text: text.replace('"bags"', '"bag"'), lambda text: text.replace('{"video', '["video').replace("0.4}}", "0.4}]"),
    lambda text: text.replace('"bb.example": {"video', '"bb.example": {"video.cdnb.net": {"freq": 1, "weight": 1}, "video'),
    lambda text: text[:-2], lambda text: text + "}", lambda text: "{" + '"a":[' * 100000, lambda text: text.replace("cdnb", "\ufffe\\u0000"),
], ids=range(15))  # fmt: skip
def test_damaged_bags_with_a_right_checksum(run, change):
    write_flows(run.folder / "flows.csv", example())
    seal(run.folder / "kept", TRAINED, change=change)
    done = job(run, {"CORES": list(TRAINED), "USE_SAVED": True}, "--persistent_dir_local", "kept", code=6)
    assert "bags.json: " in done.stderr
    assert not (run.folder / "out").exists()


@pytest.mark.parametrize(("damage", "said"), [
    (lambda raw: b"", "does not begin"), (lambda raw: raw[: len(raw) // 2], "checksum"), (lambda raw: raw[:-1], "checksum"),
    (lambda raw: raw.replace(b"0.4", b"0.5"), "checksum"), (lambda raw: raw.replace(b'"version":1', b'"version":2'), "version 2"),
    (lambda raw: raw[raw.index(b'"L"'):], "does not begin"), (lambda raw: b"\x00" * 100, "does not begin")])  # fmt: skip
def test_damaged_bags(run, damage, said):
    write_flows(run.folder / "flows.csv", example())
    seal(run.folder / "kept", TRAINED)
    path = run.folder / "kept/bags.json"
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    done = job(run, {"CORES": list(TRAINED), "USE_SAVED": True}, "--persistent_dir_local", "kept", code=6)
    assert said in done.stderr and "kept/bags.json" in done.stderr
    job(run, {"CORES": CORES}, "--persistent_dir_local", "kept")  # training writes it anew
    assert path.read_bytes() != before


# ---- all or nothing ----


def test_names_that_are_there(run):
    write_flows(run.folder / "flows.csv", example())
    (run.folder / "out").mkdir()
    (run.folder / "out/bags.json").write_text("mine")
    assert "bags.json exists already" in job(run, {"CORES": CORES}, code=7).stderr
    assert [path.name for path in (run.folder / "out").iterdir()] == ["bags.json"]
    job(run, {"CORES": CORES}, "--overwrite")
    assert bags(run.folder / "out/bags.json")[0] == 2
    assert sorted(path.name for path in (run.folder / "out").iterdir()) == ["bags.json", "report.csv", "report.json"]


def test_state_that_cannot_be_replaced(run):
    write_flows(run.folder / "flows.csv", example())
    (run.folder / "kept/bags.json/x").mkdir(parents=True)
    job(run, {"CORES": CORES}, "--persistent_dir_local", "kept", code=7)
    assert not (run.folder / "out").exists()
    assert [path.name for path in (run.folder / "kept").iterdir()] == ["bags.json"]


def test_second_run_is_refused(run):
    """The first one waits for its input; the second is told who it is. A run that only reads is let in."""
    write_flows(run.folder / "flows.csv", example())
    job(run, {"CORES": CORES}, "--persistent_dir_local", "kept", out="first")
    command = [BIN, "job", "-c", "squid:flows", "-i", "-", "--algo", "WHAT", "--params", json.dumps({"CORES": CORES}),
               "--persistent_dir_local", "kept", "-o", "waiting"]  # fmt: skip
    with subprocess.Popen(command, cwd=run.folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
        # its connector is given, but standard input is looked at before the run: one line lets it begin
        waiting.stdin.write(b"1488326400.000 1 10.0.0.1 TCP_MISS/200 10 GET http://news.example/ - HIER_DIRECT/192.0.2.1 text/html\n" * 4000)
        waiting.stdin.flush()
        for _ in range(200):
            if (run.folder / "kept/.bags.json.lock").exists():
                break
            time.sleep(0.05)
        done = job(run, {"CORES": CORES}, "--persistent_dir_local", "kept", code=1)
        assert f"bags.json is being written by process {waiting.pid} on " in done.stderr
        assert not (run.folder / "out").exists()
        job(run, {"CORES": CORES, "USE_SAVED": True}, "--persistent_dir_local", "kept", out="reading")
        waiting.kill()
    job(run, {"CORES": CORES}, "--persistent_dir_local", "kept", out="after")
    assert [path.name for path in (run.folder / "kept").iterdir()] == ["bags.json"]


def test_interrupted_run_leaves_nothing(run):
    shutil.rmtree(run.folder / "kept", ignore_errors=True)
    command = [BIN, "job", "-c", "squid:flows", "-i", "-", "--algo", "WHAT", "--params", json.dumps({"CORES": CORES}),
               "--persistent_dir_local", "kept", "-o", "out"]  # fmt: skip
    with subprocess.Popen(command, cwd=run.folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
        waiting.stdin.write(b"1488326400.000 1 10.0.0.1 TCP_MISS/200 10 GET http://news.example/ - HIER_DIRECT/192.0.2.1 text/html\n" * 4000)
        waiting.stdin.flush()
        for _ in range(200):
            if (run.folder / "kept/.bags.json.lock").exists():
                break
            time.sleep(0.05)
        waiting.terminate()
        assert waiting.wait(30) == 130
    assert not (run.folder / "out").exists()
    assert list((run.folder / "kept").iterdir()) == []


# ---- logs of the tools ----


def simulated(log, sessions=150, seed=7):
    command = [GENERATE, log, "--items", str(sessions), "--seed", str(seed), "--overlap", "0.4", "--embed", "0.2"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def crowded(log):
    """Sessions of 25 clients instead of one each, so that they meet."""
    return re.sub(rb"\b10\.0\.0\.(\d+)\b", lambda found: b"10.0.0.%d" % (int(found[1]) % 25), log)


def write_zeek(folder):
    """conn.log and the names of its flows in ssl.log, from the lines of a Squid log."""
    conn = ["#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\torig_bytes\tresp_bytes"]
    ssl = ["#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tserver_name"]
    for number, line in enumerate(crowded(simulated("visits-squid")).decode().splitlines()):
        end, elapsed, client, _, size, _, host = line.split()[:7]
        start = f"{float(end) - int(elapsed) / 1000:.3f}"
        ids = f"{start}\tC{number}\t{client}\t1025\t192.0.2.1\t443"
        conn.append(f"{ids}\ttcp\t{int(elapsed) / 1000}\t100\t{size}")
        ssl.append(f"{ids}\t{host.split(':')[0]}")
    (folder / "conn.log").write_text("\n".join([*conn, ""]))
    (folder / "ssl.log").write_text("\n".join([*ssl, ""]))
    return folder / "conn.log"


def write_logs(folder, tool):
    if tool == "zeek":
        return write_zeek(folder)
    path = folder / {"tstat": "log_tcp_complete", "squid": "access.log"}[tool]
    path.write_bytes(crowded(simulated(f"visits-{tool}")))
    return path


@pytest.mark.parametrize("tool", ["squid", "tstat", "zeek"])
def test_logs_of_tools(run, tool):
    path = write_logs(run.folder, tool)
    cores = simulated("visits-cores").decode().split()
    connector = f"{tool}:{'flows' if tool != 'tstat' else 'NamedFlows'}"
    run("job", "-c", connector, "-i", path, "--algo", "SaveDataFrame", "-o", "table")
    with (run.folder / "table/dataframe.csv").open() as file:
        rows = list(csv.DictReader(file))
    flows = [Flow(row["c_ip"], float(row["time_start"]), float(row["time_end"]), row["name"],
                  int(row["c_bytes"] or 0) + int(row["s_bytes"] or 0)) for row in rows]  # fmt: skip
    expected, _, _, labels = what(flows, cores)
    assert len(set(labels)) > 10
    params = {"CORES": cores, "SAVE_FLOWS": True}
    job(run, params, "--threads", 1, connector=connector, path=path)
    assert report(run) == expected
    with (run.folder / "out/flows.csv").open() as file:
        found = list(csv.DictReader(file))
    assert [{**row, "service": label} for row, label in zip(rows, labels)] == found
    job(run, params, "--threads", 3, "--memory", "256M", connector=connector, path=path, out="other")
    job(run, {"CORES": cores}, "--threads", 2, connector=connector, path=path, out="sums")
    for name in ("report.csv", "bags.json", "flows.csv"):
        assert (run.folder / "other" / name).read_bytes() == (run.folder / "out" / name).read_bytes()
    for name in ("report.csv", "bags.json"):
        assert (run.folder / "sums" / name).read_bytes() == (run.folder / "out" / name).read_bytes()


def test_names_alone_tell_less(run):
    """Most bytes of a visit come from support domains: the simulation knows whose they are."""
    (run.folder / "log_tcp_complete").write_bytes(simulated("visits-tstat", sessions=2000))
    truth = simulated("visits-truth", sessions=2000).decode().split()
    cores = simulated("visits-cores").decode().split()
    job(run, {"CORES": cores, "SAVE_FLOWS": True, "TRIGGER": "future"}, connector="tstat:NamedFlows", path="log_tcp_complete")
    with (run.folder / "out/flows.csv").open() as file:
        rows = list(csv.DictReader(file))
    sizes = [int(row["c_bytes"]) + int(row["s_bytes"]) for row in rows]
    right = sum(size for row, size, service in zip(rows, sizes, truth, strict=True) if row["service"] == service)
    named = sum(size for row, size, service in zip(rows, sizes, truth) if row["name"] == service)
    assert right > 0.8 * sum(sizes) > 5 * named
