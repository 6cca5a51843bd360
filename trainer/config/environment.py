"""The environment: this module alone reads it, and says what of it a child process is given.

`NAME_FILE` names a file with the value of the secret `NAME`, as Docker's and Kubernetes' secrets
are mounted. An empty variable counts as unset.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from trainer.errors import ConfigError
from trainer.reasons import reason

_SECRET_ENDINGS = ("_API_KEY", "_CREDENTIAL", "_PASSWORD", "_SECRET", "_SECRET_KEY", "_TOKEN")
_OTHER_SECRETS = (
    *("FLARESOLVERR_URL", "CHROME_CDP_URL"),  # an address may hold a password
    "TRAINER_BUDGETS",  # likewise
    *("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"),
    "TRAINER_NOTIFY_URLS",  # tokens are part of them
    "TRAINER_AIRFLOW_DATABASE",  # so is a password of an address
)
FILE_ENDING = "_FILE"

_PROGRAM = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"),
    *("LD_LIBRARY_PATH", "LD_PRELOAD"),
)
_PROGRAM_PREFIXES = ("CUDA_", "NVIDIA_", "OMP_", "OPENBLAS_", "NSS_WRAPPER_")
_TRAINER = (
    *("DATA_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *(name for word in ("HTTP", "HTTPS", "ALL", "NO") for name in (f"{word}_PROXY",)),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
_TRAINER_PREFIXES = ("PYTHON", "POLARS_", "TRAINER_")


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all variables that are set, secrets in files read; raises `ConfigError` for a file
    that can't be read. `given` stands in for this process's environment."""
    found = {
        name: value
        for name, value in (os.environ if given is None else given).items()
        if value.strip()
    }
    for name, path in list(found.items()):
        variable = name.removesuffix(FILE_ENDING)
        if variable != name and is_secret(variable):
            if variable in found:
                raise ConfigError(f"both {variable} and {name} are set; leave one of them out")
            found[variable] = _content(name, path)
            del found[name]
    return found


def is_secret(name: str) -> bool:
    """Is the value of this variable a secret?"""
    return name.endswith(_SECRET_ENDINGS) or name in _OTHER_SECRETS


def for_program(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a program gets that needs nothing of ours: no key, no password, no setting."""
    return _part(given, _PROGRAM, _PROGRAM_PREFIXES)


def for_trainer(
    given: Mapping[str, str] | None = None, secrets: Iterable[str] = ()
) -> dict[str, str]:
    """What a child gets that is code of ours: the settings, and of all secrets these only."""
    wanted, all_of_it = set(secrets), environment(given)
    settings = _part(all_of_it, (*_PROGRAM, *_TRAINER), (*_PROGRAM_PREFIXES, *_TRAINER_PREFIXES))
    return {
        name: value
        for name, value in all_of_it.items()
        if name in wanted
        or (name in settings and not is_secret(name) and not name.startswith("TRAINER_AIRFLOW"))
    }


@contextmanager
def lent(name: str, value: str) -> Iterator[None]:
    """Set a variable of this process for as long as a child that needs it runs."""
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)


def _part(
    given: Mapping[str, str] | None, names: tuple[str, ...], prefixes: tuple[str, ...]
) -> dict[str, str]:
    source = os.environ if given is None else given
    return {k: v for k, v in source.items() if k in names or k.startswith(prefixes)}


def _content(name: str, path: str) -> str:
    """The secret in a file, without the line's end."""
    try:
        found = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{name}: {reason(error)}; correct the path or its rights") from None
    if not found:
        raise ConfigError(f"{name}: {path} is empty; write the secret into it")
    return found
