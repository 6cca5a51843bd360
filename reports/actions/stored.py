"""What is decided on a page reaches the object store, where DATA_DIR is kept on one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from reports.actions.role import require_operator
from trainer.config.decision_table import DECIDES
from trainer.config.settings import Settings
from trainer.pipeline.decided import decided
from trainer.staging.paths import DataDir

Given = ParamSpec("Given")
Result = TypeVar("Result")
Action = Callable[Concatenate[DataDir, Given], Result]


def stores(command: str) -> Callable[[Action[Given, Result]], Action[Given, Result]]:
    """Decorate an operator's action: it changes what the command of this name does, and is stored
    as that is."""

    def decorate(action: Action[Given, Result]) -> Action[Given, Result]:
        @wraps(action)
        def stored(data: DataDir, /, *args: Given.args, **given: Given.kwargs) -> Result:
            require_operator()  # before anything is brought
            with decided(Settings.load(data.root), DECIDES[command]):
                return action(data, *args, **given)

        return stored

    return decorate
