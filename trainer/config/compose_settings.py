"""The settings in docker-compose.yml: which of them its containers are handed.

`python -m trainer.config.compose_settings` writes them between their marks, from the model.
"""

from __future__ import annotations

import re

from trainer.config.env_example import LEFT_OUT
from trainer.config.settings import REPO_ROOT
from trainer.config.variables import Variable, variables

FILE = REPO_ROOT / "docker-compose.yml"
# Given where they belong, by hand.
_BY_HAND = {
    *("DATA_DIR", "PUID", "PGID", "UMASK", "TRAINER_ADMIN_PASSWORD", "TRAINER_HTTPS"),
    *("TRAINER_TLS_CERTIFICATE", "TRAINER_TLS_KEY"),
    *("TRAINER_EMBEDDER", "TRAINER_EMBEDDER_IMAGE", "TRAINER_DOCKER_URL"),
    "TRAINER_REDIS_HOST",
}


def with_settings(text: str) -> str:
    """Return a Compose file with both blocks written anew: what all get, and the secrets."""
    shown = [v for v in variables() if v.name not in LEFT_OUT and v.name not in _BY_HAND]
    plain = [variable for variable in shown if not variable.secret]
    secret = [variable for variable in shown if variable.secret]
    return _filled(_filled(text, "settings", "    ", plain), "secrets", "  ", secret)


def _filled(text: str, name: str, indent: str, chosen: list[Variable]) -> str:
    lines = "".join(f"{indent}{v.name}: ${{{v.name}:-}}\n" for v in chosen)
    marks = re.compile(rf"( *# {name} \(make docs\)\n).*?( *# end of {name}\n)", re.DOTALL)
    return marks.sub(lambda found: f"{found[1]}{lines}{found[2]}", text)


if __name__ == "__main__":
    FILE.write_text(with_settings(FILE.read_text(encoding="utf-8")), encoding="utf-8")
