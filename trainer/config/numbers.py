"""Numbers as JSON and YAML have them: a whole float is an integer, a boolean is no number."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def _whole(value: Any) -> Any:
    """`2.0` becomes 2, as in JSON Schema; what is no whole number is left to be refused."""
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Hours = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number)]
