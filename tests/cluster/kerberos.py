# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Kerberos on loopback: a KDC of MIT krb5 with a realm of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

REALM = "TEST"
PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")
PATH = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"


def kerberos_is_there() -> bool:
    return all(shutil.which(name, path=PATH) for name in PROGRAMS)


class Kdc:
    """start(), then keytab() and ticket(); stop() ends its process."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def conf(self) -> Path:
        return self.folder / "krb5.conf"

    @property
    def env(self) -> dict[str, str]:
        conf = {"KRB5_CONFIG": str(self.conf), "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf")}
        return {**os.environ, **conf, "PATH": PATH}

    def call(self, *args: str, env: dict[str, str] | None = None) -> None:
        done = subprocess.run(args, env={**self.env, **(env or {})}, capture_output=True, text=True)
        assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"

    def start(self) -> Kdc:
        self.folder.mkdir(parents=True)
        self.conf.write_text(f"""[libdefaults]
            default_realm = {REALM}
            dns_lookup_kdc = false
            dns_lookup_realm = false
            dns_canonicalize_hostname = false
            rdns = false
            udp_preference_limit = 1
            [realms]
            {REALM} = {{
                kdc = 127.0.0.1:{self.port}
            }}
            [domain_realm]
            localhost = {REALM}
            """)  # fmt: skip
        (self.folder / "kdc.conf").write_text(f"""[realms]
            {REALM} = {{
                database_name = {self.folder}/principal
                key_stash_file = {self.folder}/stash
                kdc_listen = 127.0.0.1:{self.port}
                kdc_tcp_listen = 127.0.0.1:{self.port}
            }}
            """)
        self.call("kdb5_util", "create", "-s", "-P", "secret", "-r", REALM)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(["krb5kdc", "-n"], env=self.env, stdout=log, stderr=log)
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)

    def keytab(self, principal: str) -> Path:
        """Makes a principal; the file that holds its key."""
        path = self.folder / (principal.replace("/", "_") + ".keytab")
        self.call("kadmin.local", "-q", f"addprinc -randkey {principal}")
        self.call("kadmin.local", "-q", f"ktadd -k {path} {principal}")
        return path

    def ticket(self, principal: str) -> dict[str, str]:
        """The environment of who has a ticket of this principal."""
        cache = {"KRB5CCNAME": f"FILE:{self.folder}/{principal}.cache"}
        keytab = self.keytab(principal)
        for _ in range(50):  # until the KDC listens
            try:
                self.call("kinit", "-k", "-t", str(keytab), principal, env=cache)
                break
            except AssertionError:
                time.sleep(0.1)
        else:
            self.call("kinit", "-k", "-t", str(keytab), principal, env=cache)
        return {"KRB5_CONFIG": str(self.conf), **cache}
