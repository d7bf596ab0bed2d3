"""How files are called: a checked pattern, and the patterns that are used where none is given."""

from string import Formatter
from typing import Final, final

from typing_extensions import override

from firesteel._require import is_a, mismatch
from firesteel.errors import ArgumentError

__all__ = ["FilenamePattern", "Naming", "default_pattern", "score_text"]

_PARTS: Final = ("filename_prefix", "name", "ext", "score_name", "score", "global_step")
_EXTENSION: Final = "pt"


def score_text(score: float) -> str:
    """Print a score as it stands in a file's name: with 4 digits behind the point.

    Args:
        score: Any number, not NaN.
    """
    return f"{score:.4f}"


@final
class FilenamePattern:
    """The pattern of a file's name, checked when it is made.

    What may stand in braces: ``filename_prefix``, ``name``, ``ext``, ``score_name``, ``score`` and
    ``global_step``, each with a format of Python's behind a colon, as in ``{global_step:06d}``.

    Args:
        template: The pattern, as in ``"{name}_{global_step}.{ext}"``.
        where: Whose pattern it is, for errors.

    Raises:
        ArgumentError: A part is unknown, a format does not fit its part, a brace is left open, or
            the pattern names a folder.
        ArgumentTypeError: ``template`` is not a string.

    Example:
        >>> pattern = FilenamePattern("{name}_{global_step:04d}.{ext}", where="Checkpoint")
        >>> pattern.fill(name="model", global_step=12)
        'model_0012.pt'
    """

    __slots__ = ("_pieces", "_template", "_where", "parts")

    def __init__(self, template: str, *, where: str) -> None:
        is_a(where, "filename_pattern", template, str, "a string")
        self._template = template
        self._where = where
        try:
            pieces = list(Formatter().parse(template))
        except ValueError as error:
            raise ArgumentError(
                f"{where}: filename_pattern {template!r} is no pattern: {error}"
            ) from error
        self._pieces: list[tuple[str, str | None, str]] = []
        for text, part, form, conversion in pieces:
            if part is not None and (part not in _PARTS or conversion is not None):
                raise ArgumentError(
                    f"{where}: filename_pattern may have {', '.join(_PARTS)} in braces, got "
                    f"{part + ('' if conversion is None else '!' + conversion)!r} in {template!r}"
                )
            self._pieces.append((text, part, form or ""))
        self.parts: frozenset[str] = frozenset(part for _, part, _ in self._pieces if part)
        self.fill(filename_prefix="prefix", name="name", score_name="score", score=0.5)

    def fill(
        self,
        *,
        name: str,
        filename_prefix: str = "",
        score_name: str | None = None,
        score: float | None = None,
        global_step: int | None = 0,
    ) -> str:
        """Make a name.

        Args:
            name: What is saved.
            filename_prefix: What stands before it.
            score_name: How the score is called.
            score: The score, printed by :func:`score_text` where its part has no format.
            global_step: The step.

        Raises:
            ArgumentError: The name would lie in another folder, or a format does not fit.
        """
        values: dict[str, str | int | float | None] = {
            "filename_prefix": filename_prefix,
            "name": name,
            "ext": _EXTENSION,
            "score_name": score_name,
            "score": score,
            "global_step": global_step,
        }
        filled: list[str] = []
        for text, part, form in self._pieces:
            filled.append(text)
            if part is not None:
                value = values[part]
                if isinstance(value, float) and not form:
                    value = score_text(value)
                try:
                    filled.append(format(value, form))
                except (ValueError, TypeError) as error:
                    raise ArgumentError(
                        f"{self._where}: filename_pattern {self._template!r} cannot print "
                        f"{part}: {error}"
                    ) from error
        filename = "".join(filled)
        if not filename or filename.startswith(".") or set(filename) & {"/", "\\", "\0"}:
            raise ArgumentError(
                mismatch(self._where, "a filename", "a plain name without folders", filename)
            )
        return filename

    @override
    def __repr__(self) -> str:
        return f"FilenamePattern({self._template!r})"


def default_pattern(
    *,
    with_prefix: bool = True,
    with_score: bool = True,
    with_score_name: bool = True,
    with_global_step: bool = True,
) -> str:
    """Give the pattern of these parts, in the order in which ignite has them.

    Args:
        with_prefix: Whether a prefix stands first.
        with_score: Whether the score is part of it.
        with_score_name: Whether the score's name stands before it.
        with_global_step: Whether the step is part of it.

    Raises:
        ArgumentError: Neither score nor step is part of it, or the score's name without the score.
    """
    where = "Checkpoint.setup_filename_pattern"
    if not with_score and not with_global_step:
        raise ArgumentError(f"{where}: one of with_score and with_global_step must be True")
    if with_score_name and not with_score:
        raise ArgumentError(f"{where}: with_score must be True where with_score_name is")
    return (
        ("{filename_prefix}_" if with_prefix else "")
        + "{name}"
        + ("_{global_step}" if with_global_step else "")
        + ("_" if with_score else "")
        + ("{score_name}=" if with_score_name else "")
        + ("{score}" if with_score else "")
        + ".{ext}"
    )


@final
class Naming:
    """How the files of one checkpoint handler are called.

    Args:
        where: Whose files they are, for errors.
        prefix: What stands before each name, without an underscore.
        score_name: How the score is called, if it is.
        has_score: Whether there is a score.
        has_step: Whether a step is known.
        template: The pattern, or ``None`` for ignite's.

    Raises:
        ArgumentError: The score's name has no score, or the pattern is none, or has a part that is
            never there.
        ArgumentTypeError: A text is not a string.
    """

    __slots__ = ("_pattern", "_prefix", "has_score", "score_name")

    def __init__(
        self,
        where: str,
        *,
        prefix: str,
        score_name: str | None,
        has_score: bool,
        has_step: bool,
        template: str | None,
    ) -> None:
        is_a(where, "filename_prefix", prefix, str, "a string")
        is_a(where, "score_name", score_name, str | None, "a string")
        if score_name is not None and not has_score:
            raise ArgumentError(
                f"{where}: score_function is missing for score_name {score_name!r}; give the key "
                "that attaching the metric returned"
            )
        self.score_name = score_name
        self.has_score = has_score
        self._prefix = prefix
        if template is None:
            template = default_pattern(
                with_prefix=bool(prefix),
                with_score=has_score,
                with_score_name=score_name is not None,
                with_global_step=has_step,
            )
        self._pattern = FilenamePattern(template, where=where)
        known = {
            "score": (has_score, "score_function"),
            "score_name": (score_name is not None, "score_name"),
            "global_step": (has_step, "global_step_transform"),
        }
        for part, (is_known, argument) in known.items():
            if part in self._pattern.parts and not is_known:
                raise ArgumentError(
                    f"{where}: filename_pattern has {{{part}}}, for which {argument} is missing"
                )

    def full_name(self, name: str) -> str:
        """Give what is saved, behind the prefix."""
        return f"{self._prefix}_{name}" if self._prefix else name

    def filename(self, name: str, *, score: float | None, global_step: int | None) -> str:
        """Give the name of a file.

        Args:
            name: What is saved.
            score: Its score, if it has one.
            global_step: Its step, if it is known.

        Raises:
            ArgumentError: It would lie in another folder.
        """
        return self._pattern.fill(
            name=name,
            filename_prefix=self._prefix,
            score_name=self.score_name,
            score=score,
            global_step=global_step,
        )
