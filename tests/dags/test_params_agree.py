"""The form's JSON schema and the model take the same values, and refuse the same ones."""

from copy import deepcopy

import pytest
from pydantic import ValidationError

from trainer.config.params import BuildParams
from trainer.errors import ConfigError

NUMBERS = (
    -1,
    -0.0,
    0,
    0.0,
    0.5,
    1,
    1.0,
    2.0,
    2.5,
    50,
    50.0,
    51,
    100.0,
    100.5,
    101,
    200,
    200.0,
    201,
)
NO_NUMBERS: tuple[object, ...] = (
    *(1e300, float("inf"), float("nan")),
    *(True, False, None, "", "2", "2.0", "two", [2], {}),
)
WORDS = ("url", "name", "face", "URL", "true", ["url"])
LISTS: tuple[object, ...] = (
    [],
    ["stashdb"],
    ["stashdb", "stashdb"],
    ["unlisted"],
    [None],
    [1],
    "stashdb",
    {"a": 1},
)
FIELDS = sorted(BuildParams.model_fields)


def _by_the_form(build_dag, name, value):
    from airflow.sdk.exceptions import ParamValidationError

    try:
        return True, deepcopy(build_dag.params.get_param(name)).resolve(value)  # it keeps its value
    except ParamValidationError:
        return False, None


def _by_the_model(name, value, known):
    try:
        params = BuildParams.parse({name: value}, known)
    except ConfigError as error:
        assert name in str(error)
        return False, None
    return True, getattr(params, name)


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_is_taken_by_both_or_by_neither(build_dag, name):
    known = build_dag.params.get_param("sources").schema["items"]["enum"]
    taken = 0
    for value in (*NUMBERS, *NO_NUMBERS, *WORDS, *LISTS):
        form, given = _by_the_form(build_dag, name, value)
        model, parsed = _by_the_model(name, value, known)
        assert form == model, (name, value)
        if form:
            taken += 1
            assert _by_the_model(name, given, known) == (True, parsed)
            assert parsed == value
    assert taken


@pytest.mark.parametrize(
    "name", ["max_faces_per_source", "max_faces_total", "min_faces", "scene_queries"]
)
def test_whole_floats_become_integers(name):
    assert type(getattr(BuildParams.parse({name: 2.0}, []), name)) is int
    with pytest.raises(ValidationError):
        BuildParams.model_validate({name: 2.5})
