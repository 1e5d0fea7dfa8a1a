# SPDX-License-Identifier: GPL-3.0-or-later
"""TopDNSServers: the example of its specification, ties, both families, logs without servers."""

from __future__ import annotations

from pathlib import Path

import pytest

HEAD = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
FIELDS = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "trans_id", "query"]


def zeek_log(path: Path, servers: list[str]) -> Path:
    lines = [
        "\t".join([f"{1_500_000_000 + i}.5", f"C{i}", "10.1.0.1", "4000", server, "53", "udp", str(i), "example.org"])
        for i, server in enumerate(servers)
    ]
    path.write_text(HEAD + "#fields\t" + "\t".join(FIELDS) + "\n" + "".join(line + "\n" for line in lines))
    return path


def report(run, connector: str, path: Path, *more: str) -> list[str]:
    run("job", "-c", connector, "-i", path, "--algo", "algos.top_DNS_servers.TopDNSServers", "-o", "o", "--overwrite", *more)
    return (run.folder / "o" / "report.csv").read_text().splitlines()


def test_example_of_the_specification(run, tmp_path):
    log = zeek_log(tmp_path / "dns.log", ["9.9.9.9", "8.8.8.8", "10.0.0.1", "8.8.8.8"])
    assert report(run, "zeek:DNS", log) == ["resolver,queries", "8.8.8.8,2", "9.9.9.9,1", "10.0.0.1,1"]


@pytest.mark.parametrize("threads", ["1", "8"])
def test_ties_and_families(run, tmp_path, threads):
    """Addresses go by number, not by text, IPv4 first; of equals at the limit, the first stay."""
    servers = ["2001:db8::10", "2001:db8::9", "10.0.0.100", "10.0.0.20", "9.255.0.1"]
    log = zeek_log(tmp_path / "dns.log", servers * 500 + ["2001:db8::9"])
    expected = ["2001:db8::9,501", "9.255.0.1,500", "10.0.0.20,500", "10.0.0.100,500", "2001:db8::10,500"]
    assert report(run, "zeek:DNS", log, "--threads", threads) == ["resolver,queries", *expected]
    assert report(run, "zeek:DNS", log, "-p", "N=3") == ["resolver,queries", *expected[:3]]
    assert report(run, "zeek:DNS", log, "-p", "N_TOP=-1") == ["resolver,queries", *expected]


def test_logs_that_name_no_server(run, tmp_path):
    log = tmp_path / "bind.log"
    log.write_text("01-Mar-2017 10:00:00.123 client 10.0.0.1#4000 (a.org): query: a.org IN A +\n" * 3)
    assert report(run, "bind:DNS", log) == ["resolver,queries", "-,3"]


def test_wrong_table(run, tmp_path):
    log = tmp_path / "access.log"
    log.write_text("1.5 1 10.0.0.1 TCP_MISS/200 10 GET http://a/ - DIRECT/- -\n")
    done = run("job", "-c", "squid:HTTP", "-i", log, "--algo", "TopDNSServers", "-o", "o", code=2)
    assert "DNS" in done.stderr and "HTTP" in done.stderr
