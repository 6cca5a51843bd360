"""An operator's files with comments, and how tests change them."""

from __future__ import annotations

from trainer.overrides import history as changes
from trainer.overrides.names import Change, name_of
from trainer.overrides.proposal import propose

FILE = """\
# mine
stashdb:
    requests_per_minute: 20  # slow
    gender_filter:
    - FEMALE   # x
    - MALE

# about iafd
iafd: {enabled: true, note: "yes"}
thenude:  # nothing yet
# end
"""


def own(data, text=FILE, file="sources.yaml"):
    path = data.root / file
    path.write_text(text)
    return path


def change(name, value):
    return Change(name_of(name), value)


def set_value(data, name, value):
    return changes.write(data, propose(data, [change(name, value)]), "test")


def unset_value(data, name):
    return changes.write(data, propose(data, [Change(name_of(name), unset=True)]), "test")
