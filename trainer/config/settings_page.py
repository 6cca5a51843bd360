"""docs/configuration.md: every setting, out of the model that reads it.

`python -m trainer.config.settings_page` prints it.
"""

from __future__ import annotations

import sys
from itertools import groupby

from trainer.config.variables import Variable, variables

_HEAD = """# Configuration

Made from the settings' model (`trainer/config/groups/`) by `make docs`; do not edit it by hand.

Every setting is an environment variable; one that is empty counts as not set. A secret (marked \\*)
can lie in a file instead: `STASHDB_API_KEY_FILE=/run/secrets/stashdb` is read as `STASHDB_API_KEY`.
Sources are configured in `DATA_DIR/sources.yaml`, the gate in `DATA_DIR/gate.yaml`
([operations](operations.md)).
"""


def settings_page() -> str:
    """Return docs/configuration.md: one table per group of settings."""
    parts = [_HEAD]
    for group, members in groupby(variables(), key=lambda variable: variable.group):
        parts += [f"## {group}", "", "| variable | default | what |", "|---|---|---|"]
        parts += [*map(_row, members), ""]
    return "\n".join(parts)


def _row(variable: Variable) -> str:
    default = f"`{variable.default}`" if variable.default else "none"
    mark = " \\*" if variable.secret else ""
    return f"| `{variable.name}`{mark} | {default} | {variable.description.replace('|', '/')} |"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
