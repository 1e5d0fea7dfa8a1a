# SPDX-License-Identifier: GPL-3.0-or-later
"""HDFS in secure mode: tickets of Kerberos (SPNEGO), delegation tokens, TLS."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from conftest import query, skip_or_fail
from hdfs import Hdfs, classpath, free_port, java_is_there, write_site
from kerberos import REALM, Kdc, kerberos_is_there

TOKEN_SECONDS = 20  # that a token lives unless it is renewed


def make_certificate(folder: Path) -> Path:
    """A key of localhost for the daemons, and its certificate for clients."""
    store = ["-keystore", f"{folder}/store.p12", "-storetype", "PKCS12", "-storepass", "secret"]
    names = ["-dname", "CN=localhost", "-ext", "san=dns:localhost,ip:127.0.0.1"]
    subprocess.run(
        ["keytool", "-genkeypair", "-alias", "x", "-keyalg", "RSA", "-validity", "30", *names, *store],
        check=True, capture_output=True,
    )  # fmt: skip
    certificate = folder / "certificate.pem"
    subprocess.run(["keytool", "-exportcert", "-rfc", "-alias", "x", "-file", certificate, *store], check=True, capture_output=True)
    return certificate


@pytest.fixture(scope="module")
def kdc(tmp_path_factory):
    if not kerberos_is_there():
        skip_or_fail("there is no KDC (krb5-kdc, krb5-admin-server, krb5-user): nothing of Kerberos was tested")
    kdc = Kdc(tmp_path_factory.mktemp("kerberos") / "kdc", free_port())
    try:
        yield kdc.start()
    finally:
        kdc.stop()


def fetch(url: str, ticket: dict[str, str], method: str = "GET") -> bytes:
    """As curl does it with the ticket."""
    done = subprocess.run(
        ["curl", "-s", "-L", "--fail-with-body", "--negotiate", "-u", ":", "-X", method, url],
        capture_output=True, env={**os.environ, **ticket},
    )  # fmt: skip
    if done.returncode != 0:
        raise OSError(done.stdout + done.stderr)
    return done.stdout


def curl(hdfs, method: str, path: str, op: str, ticket: dict[str, str]) -> bytes:
    return fetch(f"http://localhost:{hdfs.web_port}/webhdfs/v1{path}?op={op}", ticket, method)


@pytest.fixture(scope="module")
def tickets(kdc):
    return {name: kdc.ticket(name) for name in ("nn", "ann")}


@pytest.fixture(scope="module")
def secure(kdc, tickets, tmp_path_factory):
    jars = classpath()
    if not java_is_there() or jars is None:
        skip_or_fail("Java or Hadoop is absent: nothing of Kerberos was tested")
    hdfs = Hdfs(tmp_path_factory.mktemp("secure"), jars, datanodes=1, host="localhost")
    web = f"HTTP/localhost@{REALM}"
    keytabs = {name: kdc.keytab(f"{name}/localhost") for name in ("nn", "dn", "HTTP")}
    secret = hdfs.folder / "cookies"
    secret.write_text("of the tests")
    hdfs.core = {
        "hadoop.security.authentication": "kerberos",
        "hadoop.http.filter.initializers": "org.apache.hadoop.hdfs.web.AuthFilterInitializer",
        "hadoop.http.authentication.type": "kerberos",
        "hadoop.http.authentication.kerberos.principal": web,
        "hadoop.http.authentication.kerberos.keytab": keytabs["HTTP"],
        "hadoop.http.authentication.signature.secret.file": secret,
    }
    hdfs.site = {
        "dfs.block.access.token.enable": "true",
        "dfs.namenode.kerberos.principal": f"nn/localhost@{REALM}",
        "dfs.namenode.keytab.file": keytabs["nn"],
        "dfs.datanode.kerberos.principal": f"dn/localhost@{REALM}",
        "dfs.datanode.keytab.file": keytabs["dn"],
        "dfs.web.authentication.kerberos.principal": web,
        "dfs.web.authentication.kerberos.keytab": keytabs["HTTP"],
        "dfs.datanode.hostname": "localhost",
        "dfs.http.policy": "HTTP_AND_HTTPS",
        "dfs.namenode.https-address": f"localhost:{free_port()}",
        "dfs.datanode.https.address": "localhost:0",
        "ignore.secure.ports.for.testing": "true",
        "dfs.namenode.delegation.token.renew-interval": TOKEN_SECONDS * 1000,
    }
    hdfs.fetch = lambda url: fetch(url, tickets["ann"])
    hdfs.java_flags = [f"-Djava.security.krb5.conf={kdc.conf}"]
    hdfs.conf.mkdir(parents=True)
    hdfs.certificate = make_certificate(hdfs.folder)
    key = {"location": f"{hdfs.folder}/store.p12", "type": "PKCS12", "password": "secret", "keypassword": "secret"}
    write_site(hdfs.conf / "ssl-server.xml", {f"ssl.server.keystore.{name}": value for name, value in key.items()})
    try:
        yield hdfs.start()
    finally:
        hdfs.stop()


@pytest.fixture(scope="module")
def world(secure, tickets, logs):
    """/logs for all, and /home/ann of ann."""
    for path, mode in (("/logs", "755"), ("/home", "755"), ("/home/ann", "700")):
        curl(secure, "PUT", path, f"MKDIRS&permission={mode}", tickets["nn"])
    curl(secure, "PUT", "/home/ann", "SETOWNER&owner=ann", tickets["nn"])
    token = json.loads(curl(secure, "GET", "/", "GETDELEGATIONTOKEN", tickets["nn"]))
    secure.who = f"delegation={token['Token']['urlString']}"
    for path in logs.iterdir():
        secure.put(f"/logs/{path.name}", path.read_bytes())
    return secure


def env_of(hdfs, **more: str) -> dict[str, str]:
    return {"HADOOP_CONF_DIR": str(hdfs.conf), "HADOOP_USER_NAME": "", "KRB5CCNAME": "FILE:/nonexistent", **more}


def test_tickets(run, world, tickets, logs):
    env = env_of(world, **tickets["ann"])
    expected = query(run, logs).stdout
    assert query(run, f"{world.web}/logs", env=env).stdout == expected
    assert query(run, "hdfs:///logs", env=env).stdout == expected
    query(run, f"{world.web}/logs", "--output_file_HDFS", "/home/ann/r", env=env)
    listing = json.loads(curl(world, "GET", "/home/ann/r", "LISTSTATUS", tickets["ann"]))
    entries = listing["FileStatuses"]["FileStatus"]
    assert [entry["pathSuffix"] for entry in entries] == ["_SUCCESS", "_report.json", "part-00000.csv"]
    assert {entry["owner"] for entry in entries} == {"ann"}
    part = curl(world, "GET", "/home/ann/r/part-00000.csv", "OPEN", tickets["ann"])
    assert part.decode() == expected


def test_no_ticket(run, world):
    done = query(run, f"{world.web}/logs", env=env_of(world), code=1)
    assert "401" in done.stderr and "kinit" in done.stderr


def test_tls(run, world, tickets, logs):
    web = f"s{world.web.rpartition(':')[0]}:{world.site['dfs.namenode.https-address'].rpartition(':')[2]}"
    env = env_of(world, SSL_CERT_FILE=str(world.certificate), **tickets["ann"])
    assert query(run, f"{web}/logs", env=env).stdout == query(run, logs).stdout
    bundle = env_of(world, SSL_CERT_FILE="", CURL_CA_BUNDLE=str(world.certificate), **tickets["ann"])
    assert query(run, f"{web}/logs", env=bundle).stdout == query(run, logs).stdout
    query(run, f"{web}/logs", "-o", f"{web}/home/ann/tls.csv", env=env)
    assert query(run, logs).stdout == curl(world, "GET", "/home/ann/tls.csv", "OPEN", tickets["ann"]).decode()
    done = query(run, f"{web}/logs", env=env_of(world, **tickets["ann"], HADOOP_CONF_DIR=""), code=1)
    assert "certificate" in done.stderr


# ---- delegation tokens ----


def fetch_token(hdfs, ticket: dict[str, str], path: Path) -> None:
    """As "hdfs fetchdt" does it."""
    subprocess.run(
        hdfs.java(
            "org.apache.hadoop.hdfs.tools.DelegationTokenFetcher",
            "--webservice", f"http://localhost:{hdfs.web_port}", str(path),
        ),
        check=True, capture_output=True, env={**os.environ, **ticket},
    )  # fmt: skip


def tool(hdfs, *args: object) -> None:
    subprocess.run(
        hdfs.java("org.apache.hadoop.security.token.DtUtilShell", *map(str, args)), check=True, capture_output=True
    )


def token_of(hdfs, ticket: dict[str, str]) -> str:
    return json.loads(curl(hdfs, "GET", "/", "GETDELEGATIONTOKEN", ticket))["Token"]["urlString"]


def test_token_that_hadoop_fetched(run, world, tickets, logs, tmp_path):
    fetch_token(world, tickets["ann"], tmp_path / "token")
    env = env_of(world, HADOOP_TOKEN_FILE_LOCATION=str(tmp_path / "token"))
    assert query(run, f"{world.web}/logs", "-o", f"{world.web}/home/ann/token.csv", env=env).stdout == ""
    written = json.loads(curl(world, "GET", "/home/ann/token.csv", "GETFILESTATUS", tickets["ann"]))
    assert written["FileStatus"]["owner"] == "ann"


@pytest.mark.parametrize("form", ["java", "protobuf"])
def test_token_among_others(run, world, tickets, logs, tmp_path, form):
    service = f"127.0.0.1:{world.web_port}"
    stranger = token_of(world, tickets["nn"])
    for text, name in ((stranger, "10.0.0.1:9870"), (token_of(world, tickets["ann"]), service), (stranger, "x:1")):
        tool(world, "import", text, "-alias", name, "-format", form, tmp_path / "tokens")
    env = env_of(world, HADOOP_TOKEN_FILE_LOCATION=str(tmp_path / "tokens"))
    assert query(run, f"{world.web}/logs", env=env).stdout == query(run, logs).stdout
    query(run, logs, "-o", f"{world.web}/home/ann/{form}.csv", env=env)
    written = json.loads(curl(world, "GET", f"/home/ann/{form}.csv", "GETFILESTATUS", tickets["ann"]))
    assert written["FileStatus"]["owner"] == "ann"


def test_token_for_another_service_is_not_sent(run, world, tickets, tmp_path):
    tool(world, "import", token_of(world, tickets["ann"]), "-alias", "10.0.0.1:9870", tmp_path / "token")
    env = env_of(world, HADOOP_TOKEN_FILE_LOCATION=str(tmp_path / "token"))
    assert "401" in query(run, f"{world.web}/logs", env=env, code=1).stderr


def test_token_that_was_cancelled(run, world, tickets, logs):
    token = token_of(world, tickets["ann"])
    env = env_of(world, NETLYTICS_HDFS_TOKEN=token)
    assert query(run, f"{world.web}/logs", env=env).stdout == query(run, logs).stdout
    curl(world, "PUT", "/", f"CANCELDELEGATIONTOKEN&token={token}", tickets["ann"])
    for args in ((), ("-o", f"{world.web}/home/ann/never.csv")):
        done = query(run, f"{world.web}/logs", *args, env=env, code=1)
        assert "token" in done.stderr and "new token" in done.stderr
        assert token not in done.stderr


def test_token_that_expires(run, world, tickets, logs):
    env = env_of(world, NETLYTICS_HDFS_TOKEN=token_of(world, tickets["ann"]))
    assert query(run, f"{world.web}/logs", env=env).stdout == query(run, logs).stdout
    time.sleep(TOKEN_SECONDS + 2)
    done = query(run, f"{world.web}/logs", env=env, code=1)
    assert "expired" in done.stderr and "new token" in done.stderr


def test_token_file_that_cannot_be_used(run, world, tmp_path):
    path = tmp_path / "token"
    env = env_of(world, HADOOP_TOKEN_FILE_LOCATION=str(path))
    assert f"{path}: cannot be read" in query(run, f"{world.web}/logs", env=env, code=2).stderr
    path.write_bytes(b"HDTS\x00\x05\x01a")
    done = query(run, f"{world.web}/logs", env=env, code=2)
    assert f"{path}: byte 8" in done.stderr and "HADOOP_TOKEN_FILE_LOCATION" in done.stderr
