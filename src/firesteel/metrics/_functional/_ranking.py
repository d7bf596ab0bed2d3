"""Which labels are among the first k: means over the rows of dense scores and relevance.

Axes: N rows, L labels, K cut-offs. Labels rank by descending score, lower index first where scores
are equal. h: relevant labels among the first k of a row. R: relevant labels of a row.
"""

from collections.abc import Sequence

from torch import Tensor

from ._at_k_inputs import prepare_at_k
from ._at_k_sums import f1_at_k_sums, hit_rate_at_k_sums, precision_at_k_sums, recall_at_k_sums
from ._ranked import EmptyTarget, count_ranked

__all__ = ["f1_at_k", "hit_rate_at_k", "precision_at_k", "recall_at_k"]


def precision_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    clip_k: bool = False,
    empty_target: EmptyTarget = "skip",
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""Share of the first ``k`` labels that are relevant, as a mean over rows: :math:`h / k`.

    A row with :math:`R < k` cannot reach 1. k may exceed the number of labels; the precision then
    still divides by k, unless ``clip_k`` is set.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1; with ``relevance_threshold`` any number.
            Bool, integer or float, shape ``(N, L)``.
        k: How many labels are named, at least 1; or several such cut-offs.
        clip_k: Whether k is at most the number of labels that are ranked; if not, naming fewer
            than k labels counts as naming wrong ones.
        empty_target: What a row without a relevant label counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where
            ``relevance`` is 0 or 1.
        mask: True where a label is left out, of the ranking and of what is relevant. Bool, shape
            ``(N, L)``.

    Returns:
        Float64, shape ``()`` for one k and ``(K,)`` for several, ascending and each once, on the
        device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No row counts.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> relevance = torch.tensor([[0, 1, 1], [0, 1, 1]])
        >>> precision_at_k(scores, relevance, k=[1, 2])
        tensor([0.5000, 0.7500], dtype=torch.float64)
    """
    given = prepare_at_k(
        "precision_at_k",
        scores,
        relevance,
        k=k,
        empty_target=empty_target,
        threshold=relevance_threshold,
        mask=mask,
    )
    sums = precision_at_k_sums(
        given.ranked,
        given.num_relevant,
        ks=given.ks,
        empty_target=empty_target,
        num_labels=count_ranked(scores, mask) if clip_k else None,
    )
    return given.result(sums)


def recall_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    capped: bool = False,
    empty_target: EmptyTarget = "skip",
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""Share of the relevant labels that are among the first ``k``, as a mean over rows.

    A row gives :math:`h / R`, or with ``capped`` :math:`h / \min(k, R)`.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1; with ``relevance_threshold`` any number.
            Bool, integer or float, shape ``(N, L)``.
        k: How many labels are named, at least 1; or several such cut-offs.
        capped: Whether to divide by k where more than k labels are relevant, so that 1 can be had.
        empty_target: What a row without a relevant label counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where
            ``relevance`` is 0 or 1.
        mask: True where a label is left out, of the ranking and of what is relevant. Bool, shape
            ``(N, L)``.

    Returns:
        Float64, shape ``()`` for one k and ``(K,)`` for several, ascending and each once, on the
        device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No row counts.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> relevance = torch.tensor([[0, 1, 1], [0, 1, 1]])
        >>> recall_at_k(scores, relevance, k=[1, 2])
        tensor([0.2500, 0.7500], dtype=torch.float64)
    """
    given = prepare_at_k(
        "recall_at_k",
        scores,
        relevance,
        k=k,
        empty_target=empty_target,
        threshold=relevance_threshold,
        mask=mask,
    )
    sums = recall_at_k_sums(
        given.ranked,
        given.num_relevant,
        ks=given.ks,
        empty_target=empty_target,
        capped=capped,
    )
    return given.result(sums)


def f1_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    clip_k: bool = False,
    empty_target: EmptyTarget = "skip",
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""Harmonic mean of precision and recall at ``k``, as a mean over rows.

    A row gives :math:`2 h / (k + R)`. That is not the F1 of the mean precision and mean recall.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1; with ``relevance_threshold`` any number.
            Bool, integer or float, shape ``(N, L)``.
        k: How many labels are named, at least 1; or several such cut-offs.
        clip_k: Whether k is at most the number of labels that are ranked; if not, naming fewer
            than k labels counts as naming wrong ones.
        empty_target: What a row without a relevant label counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where
            ``relevance`` is 0 or 1.
        mask: True where a label is left out, of the ranking and of what is relevant. Bool, shape
            ``(N, L)``.

    Returns:
        Float64, shape ``()`` for one k and ``(K,)`` for several, ascending and each once, on the
        device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No row counts.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> relevance = torch.tensor([[0, 1, 1], [0, 1, 1]])
        >>> f1_at_k(scores, relevance, k=[1, 2])
        tensor([0.3333, 0.7500], dtype=torch.float64)
    """
    given = prepare_at_k(
        "f1_at_k",
        scores,
        relevance,
        k=k,
        empty_target=empty_target,
        threshold=relevance_threshold,
        mask=mask,
    )
    sums = f1_at_k_sums(
        given.ranked,
        given.num_relevant,
        ks=given.ks,
        empty_target=empty_target,
        num_labels=count_ranked(scores, mask) if clip_k else None,
    )
    return given.result(sums)


def hit_rate_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    empty_target: EmptyTarget = "skip",
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""Share of rows that have a relevant label among the first ``k``: :math:`1[h > 0]`.

    With one relevant label per row it is the recall at k.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1; with ``relevance_threshold`` any number.
            Bool, integer or float, shape ``(N, L)``.
        k: How many labels are named, at least 1; or several such cut-offs.
        empty_target: What a row without a relevant label counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where
            ``relevance`` is 0 or 1.
        mask: True where a label is left out, of the ranking and of what is relevant. Bool, shape
            ``(N, L)``.

    Returns:
        Float64, shape ``()`` for one k and ``(K,)`` for several, ascending and each once, on the
        device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No row counts.

    Source:
        Deshpande and Karypis, "Item-based top-N recommendation algorithms", TOIS 2004.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> relevance = torch.tensor([[0, 1, 1], [0, 1, 1]])
        >>> hit_rate_at_k(scores, relevance, k=[1, 2])
        tensor([0.5000, 1.0000], dtype=torch.float64)
    """
    given = prepare_at_k(
        "hit_rate_at_k",
        scores,
        relevance,
        k=k,
        empty_target=empty_target,
        threshold=relevance_threshold,
        mask=mask,
    )
    sums = hit_rate_at_k_sums(
        given.ranked,
        given.num_relevant,
        ks=given.ks,
        empty_target=empty_target,
    )
    return given.result(sums)
