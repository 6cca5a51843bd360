"""Write cases.jsonl: `python -m tests.identity_cases.make_cases`. The same seed, the same bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final

from tests.identity_cases import CASES, easy
from tests.identity_cases.drafts import Maker, written
from trainer.staging.atomic import write_bytes

SEED: Final = 20261123

MAKERS: Final[dict[str, tuple[int, Maker]]] = {
    "name_and_date": (110, easy.name_and_date),
    "linked_record": (65, easy.linked_record),
    "shared_catalogue": (65, easy.shared_catalogue),
    "shared_account": (50, easy.shared_account),
    "namesakes_dates": (100, easy.namesakes_dates),
    "namesakes_facts": (55, easy.namesakes_facts),
    "different_names": (50, easy.different_names),
}


def made() -> Iterator[dict[str, Any]]:
    for category, (count, maker) in MAKERS.items():
        for number in range(1, count + 1):
            # A generator of its own, so that a change of one case leaves the others alone.
            rng = random.Random(f"{SEED}:{category}:{number}")
            yield written(maker(rng), f"{category}-{number:03d}", category, rng)


def content() -> bytes:
    """The whole file: one case a line."""
    lines = [json.dumps(case, ensure_ascii=False) + "\n" for case in made()]
    return "".join(lines).encode()


if __name__ == "__main__":
    write_bytes(CASES, content())
