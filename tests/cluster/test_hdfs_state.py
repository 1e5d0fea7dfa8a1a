# SPDX-License-Identifier: GPL-3.0-or-later
"""States of algorithms on a real HDFS: kept, read again, locked by name."""

from __future__ import annotations

import json

CORES = {"CORES": ["news.example"]}
FLOWS = """c_ip,time_start,time_end,name,c_bytes,s_bytes
10.0.0.1,0,1,x.net,40,60
10.0.0.1,20,21,news.example,40,60
10.0.0.1,21,22,img.cdnone.net,40,60
10.0.0.1,50,51,news.example,40,60
10.0.0.1,51,52,img.cdnone.net,40,60
"""
REPORT = b"service,bytes\nnews.example,400\nUNKNOWN,100\n"


def what(run, kept, out, *more, code=0, **params):
    return run("job", "-c", "csv", "-i", "flows.csv", "--algo", "what", "--params", json.dumps({**CORES, **params}),
               "--persistent_dir_HDFS", kept, "-o", out, *more, code=code)  # fmt: skip


def test_bags_are_kept(run, hdfs, tmp_path):
    (tmp_path / "flows.csv").write_text(FLOWS)
    kept = f"{hdfs.web}/kept/bags"
    assert "bags.json" in what(run, kept, "none", code=3, USE_SAVED=True).stderr
    what(run, kept, "out")
    assert hdfs.names("/kept/bags") == ["bags.json"]
    assert hdfs.get("/kept/bags/bags.json") == (tmp_path / "out/bags.json").read_bytes()
    what(run, kept, "again")  # replaces it
    what(run, kept, f"{hdfs.web}/kept/results", USE_SAVED=True)
    assert hdfs.get("/kept/results/report.csv") == (tmp_path / "out/report.csv").read_bytes() == REPORT
    hdfs.put("/kept/bags/bags.json", hdfs.get("/kept/bags/bags.json")[:-1])
    assert "checksum" in what(run, kept, "cut", code=6, USE_SAVED=True).stderr


def test_lock_by_name(run, hdfs, tmp_path):
    (tmp_path / "flows.csv").write_text(FLOWS)
    hdfs.put("/locked/.bags.json.lock", b"process 7 on elsewhere since 2017-03-01 00:00:00 UTC")
    done = what(run, f"{hdfs.web}/locked", "out", code=1)
    assert "bags.json is being written by process 7 on elsewhere since 2017-03-01 00:00:00 UTC" in done.stderr
    assert f"remove {hdfs.web}/locked/.bags.json.lock" in done.stderr
    assert hdfs.names("/locked") == [".bags.json.lock"]
    assert not (tmp_path / "out").exists()
