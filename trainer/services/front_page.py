"""The front page: nginx before the reports and Airflow, with one sign-in."""

from __future__ import annotations

import crypt
import os
import secrets
import subprocess
import tempfile
from ipaddress import ip_address
from pathlib import Path
from string import Template

from trainer.config.environment import for_program
from trainer.config.groups.container import ContainerSettings
from trainer.config.settings import REPO_ROOT
from trainer.errors import ConfigError
from trainer.processes.supervisor import Service
from trainer.services.keys import USER
from trainer.staging.private import write_private

TEMPLATE = REPO_ROOT / "container" / "nginx.conf"
RESOLV_CONF = Path("/etc/resolv.conf")
_DAYS = "3650"


class _Configuration(Template):
    """nginx's own variables begin with a dollar; ours are @{...}."""

    delimiter = "@"


def front_page(settings: ContainerSettings, password: str, home: Path) -> Service:
    """Write nginx's configuration and return its service. All it writes lies in the temporary
    directory, so that any user can run it; a certificate that it makes is kept in `home`."""
    folder = Path(tempfile.mkdtemp(prefix="front-page-"))
    hashed = crypt.crypt(password, crypt.mksalt(crypt.METHOD_SHA512))
    write_private(folder / "users", f"{USER}:{hashed}\n".encode())
    path = folder / "nginx.conf"
    write_private(path, configuration(settings, folder, home).encode())
    argv = ("nginx", "-c", str(path), "-e", "stderr", "-p", str(folder))
    return Service("front-page", argv, for_program())


def configuration(settings: ContainerSettings, folder: Path, home: Path) -> str:
    """The template filled in; raises `ConfigError` where HTTPS has half of what it needs."""
    certificate, tls = "", ""
    if settings.https or settings.tls_certificate or settings.tls_key:
        cert, key = _certificate(settings, home)
        certificate, tls = f"ssl_certificate {cert}; ssl_certificate_key {key};", " ssl"
    return _Configuration(TEMPLATE.read_text(encoding="utf-8")).substitute(
        folder=folder,
        user="" if os.getuid() else "user root;",  # else the workers can't read these files
        session=secrets.token_urlsafe(32),
        port=settings.front_port,
        health=settings.front_port - 1,
        tls=tls,
        secure="; Secure" if tls else "",
        certificate=certificate,
        airflow=settings.front_airflow,
        reports=settings.front_reports,
        resolver=_resolver(settings),
    )


def _certificate(settings: ContainerSettings, home: Path) -> tuple[Path, Path]:
    """The operator's certificate and key, or a pair that is made once."""
    given = (settings.tls_certificate, settings.tls_key)
    if given[0] and given[1]:
        for path in given:
            if path and not path.is_file():
                raise ConfigError(f"{path}: no such file; correct the path, or mount it")
        return given[0], given[1]
    if any(given):
        raise ConfigError("HTTPS needs both; set TRAINER_TLS_CERTIFICATE and TRAINER_TLS_KEY")
    cert, key = home / "keys" / "front-page.crt", home / "keys" / "front-page.key"
    if not (cert.exists() and key.exists()):
        cert.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_certificate(cert, key)
    return cert, key


def _make_certificate(cert: Path, key: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-nodes", "-days", _DAYS, "-subj", "/CN=stash-sense-trainer"]
    done = subprocess.run(
        [*command, *names, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-out", cert, "-keyout", key],
        env=for_program(),
        capture_output=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise ConfigError(
            "no certificate could be made (openssl failed); give your own as "
            "TRAINER_TLS_CERTIFICATE and TRAINER_TLS_KEY"
        )


def _resolver(settings: ContainerSettings) -> str:
    """Names of other containers are looked up again: a container that is restarted may move."""
    hosts = (settings.front_airflow, settings.front_reports)
    if all(_is_address(host.rpartition(":")[0]) for host in hosts):
        return ""
    lines = RESOLV_CONF.read_text(encoding="utf-8").splitlines()
    found = [line.split()[1] for line in lines if line.startswith("nameserver ")]
    if not found:
        raise ConfigError(f"{RESOLV_CONF} names no server; give the front page addresses instead")
    return f"resolver {found[0]} valid=10s ipv6=off;"


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False
