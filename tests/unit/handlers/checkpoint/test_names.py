"""Filenames: ignite's table, patterns that are checked, and scores as they are printed."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.handlers import Checkpoint

# not public, but functions of values
from firesteel.handlers.checkpoint._names import FilenamePattern, Naming, score_text


def naming(
    *,
    prefix: str = "",
    score_name: str | None = None,
    has_score: bool = False,
    has_step: bool = True,
    template: str | None = None,
) -> Naming:
    return Naming(
        "Checkpoint",
        prefix=prefix,
        score_name=score_name,
        has_score=has_score,
        has_step=has_step,
        template=template,
    )


def test_without_a_score_the_step_is_the_suffix() -> None:
    assert naming().filename("model", score=None, global_step=7) == "model_7.pt"


def test_a_score_alone_is_the_suffix() -> None:
    names = naming(has_score=True, has_step=False)
    assert names.filename("model", score=0.25, global_step=None) == "model_0.2500.pt"


def test_step_and_score_are_the_suffix() -> None:
    names = naming(has_score=True)
    assert names.filename("model", score=0.25, global_step=7) == "model_7_0.2500.pt"


def test_a_score_may_have_a_name() -> None:
    names = naming(has_score=True, has_step=False, score_name="acc")
    assert names.filename("model", score=0.25, global_step=None) == "model_acc=0.2500.pt"


def test_all_of_it_stands_in_ignites_order() -> None:
    names = naming(prefix="best", has_score=True, score_name="acc")
    assert names.filename("model", score=0.25, global_step=7) == "best_model_7_acc=0.2500.pt"


def test_a_prefix_is_followed_by_an_underscore() -> None:
    assert naming(prefix="run").filename("model", score=None, global_step=1) == "run_model_1.pt"
    assert naming(prefix="run").full_name("model") == "run_model"


@pytest.mark.parametrize(
    ("score", "text"),
    [(3.0, "3.0000"), (-2.5, "-2.5000"), (0.123456, "0.1235"), (math.inf, "inf")],
)
def test_a_score_is_printed_with_four_digits(score: float, text: str) -> None:
    assert score_text(score) == text


def test_a_pattern_takes_formats() -> None:
    names = naming(template="{name}-{global_step:05d}.{ext}")
    assert names.filename("model", score=None, global_step=12) == "model-00012.pt"


def test_a_pattern_takes_the_format_of_a_score() -> None:
    names = naming(template="{score:.1f}.{ext}", has_score=True)
    assert names.filename("model", score=0.25, global_step=12) == "0.2.pt"


def test_braces_can_be_written() -> None:
    assert FilenamePattern("{{{name}}}", where="x").fill(name="a") == "{a}"


@pytest.mark.parametrize(
    "template",
    [
        "{epoch}.pt",
        "{}",
        "{0}",
        "{name.__class__}",
        "{name[0]}",
        "{name!r}",
        "{name",
        "}",
        "{global_step:x.y}",
        "{name:d}",
        "{score:d}",
        "folder/{name}",
        "..\\{name}",
        ".{name}",
        "",
        "{name:{ext}}",
    ],
)
def test_a_pattern_that_cannot_be_filled_is_refused_when_it_is_made(template: str) -> None:
    with pytest.raises(ArgumentError, match="Checkpoint: "):
        naming(template=template, has_score=True)


def test_an_unknown_part_is_named_with_those_that_are_known() -> None:
    with pytest.raises(ArgumentError, match=r"may have filename_prefix, name.*'epoch'"):
        naming(template="{name}_{epoch}.pt")


@pytest.mark.parametrize(
    ("template", "argument"),
    [
        ("{name}_{score}", "score_function"),
        ("{name}_{score_name}", "score_name"),
        ("{name}_{global_step}", "global_step_transform"),
    ],
)
def test_a_part_that_is_never_there_is_refused(template: str, argument: str) -> None:
    with pytest.raises(ArgumentError, match=f"{argument} is missing"):
        naming(template=template, has_step=False)


def test_a_pattern_must_be_a_string() -> None:
    template: Any = 3
    with pytest.raises(ArgumentTypeError, match="filename_pattern must be a string"):
        FilenamePattern(template, where="Checkpoint")


def test_a_name_that_leads_elsewhere_is_refused() -> None:
    with pytest.raises(ArgumentError, match="plain name without folders"):
        naming().filename("a/b", score=None, global_step=1)


def test_the_patterns_parts_can_be_chosen() -> None:
    assert (
        Checkpoint.setup_filename_pattern()
        == "{filename_prefix}_{name}_{global_step}_{score_name}={score}.{ext}"
    )
    assert (
        Checkpoint.setup_filename_pattern(with_prefix=False, with_global_step=False)
        == "{name}_{score_name}={score}.{ext}"
    )
    assert (
        Checkpoint.setup_filename_pattern(with_score_name=False)
        == "{filename_prefix}_{name}_{global_step}_{score}.{ext}"
    )


def test_a_pattern_of_neither_score_nor_step_is_refused() -> None:
    with pytest.raises(ArgumentError, match="one of with_score and with_global_step"):
        Checkpoint.setup_filename_pattern(
            with_score=False, with_score_name=False, with_global_step=False
        )


def test_a_pattern_of_the_scores_name_without_the_score_is_refused() -> None:
    with pytest.raises(ArgumentError, match="with_score must be True"):
        Checkpoint.setup_filename_pattern(with_score=False)


@given(
    step=st.integers(min_value=0),
    other=st.integers(min_value=0),
    name=st.text(st.characters(categories=["L", "N"]), min_size=1),
)
def test_different_steps_have_different_names(step: int, other: int, name: str) -> None:
    names = naming()
    first = names.filename(name, score=None, global_step=step)
    second = names.filename(name, score=None, global_step=other)
    assert (first == second) == (step == other)
