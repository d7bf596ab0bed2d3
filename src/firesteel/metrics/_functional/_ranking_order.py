"""In which order the first k labels are: means over the rows of dense scores and relevance.

Axes: N rows, L labels, K cut-offs. Labels rank by descending score, lower index first where scores
are equal. h: relevant labels among the first k of a row. R: relevant labels of a row.
"""

from collections.abc import Sequence
from typing import get_args

from torch import Tensor

from ._at_k_inputs import prepare_at_k
from ._at_k_sums import ApDenominator, Gain, map_at_k_sums, mrr_at_k_sums, ndcg_at_k_sums
from ._ranked import EmptyTarget, check_choice

__all__ = ["map_at_k", "mrr_at_k", "ndcg_at_k"]


def mrr_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    empty_target: EmptyTarget = "skip",
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""Reciprocal rank of the first relevant label, as a mean over rows.

    A row gives :math:`1 / \operatorname{rank}` if that rank is at most ``k``, else 0.

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
        Voorhees, "The TREC-8 question answering track report", 1999.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> relevance = torch.tensor([[0, 1, 1], [0, 1, 1]])
        >>> mrr_at_k(scores, relevance, k=[1, 2])
        tensor([0.5000, 0.7500], dtype=torch.float64)
    """
    given = prepare_at_k(
        "mrr_at_k",
        scores,
        relevance,
        k=k,
        empty_target=empty_target,
        threshold=relevance_threshold,
        mask=mask,
    )
    sums = mrr_at_k_sums(
        given.ranked,
        given.num_relevant,
        ks=given.ks,
        empty_target=empty_target,
    )
    return given.result(sums)


def map_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    denominator: ApDenominator = "min",
    empty_target: EmptyTarget = "skip",
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""Average precision among the first ``k`` labels, as a mean over rows.

    A row gives :math:`\frac{1}{D} \sum_{i \le k} r_i h_i / i`, where :math:`r_i` tells whether the
    label at rank i is relevant and :math:`h_i` counts the relevant ones up to there; 0 if D is 0.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1; with ``relevance_threshold`` any number.
            Bool, integer or float, shape ``(N, L)``.
        k: How many labels are named, at least 1; or several such cut-offs.
        denominator: What D is: ``"min"`` for :math:`\min(k, R)`, ``"relevant"`` for R as in
            trec_eval, ``"hits"`` for the relevant labels found as in torchmetrics.
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
        >>> map_at_k(scores, relevance, k=[1, 2])
        tensor([0.5000, 0.6250], dtype=torch.float64)
    """
    check_choice("map_at_k", "denominator", denominator, get_args(ApDenominator))
    given = prepare_at_k(
        "map_at_k",
        scores,
        relevance,
        k=k,
        empty_target=empty_target,
        threshold=relevance_threshold,
        mask=mask,
    )
    sums = map_at_k_sums(
        given.ranked,
        given.num_relevant,
        ks=given.ks,
        empty_target=empty_target,
        denominator=denominator,
    )
    return given.result(sums)


def ndcg_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    gain: Gain = "exp_rank",
    empty_target: EmptyTarget = "skip",
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""Discounted gain of the first ``k`` labels, relative to the best order; a mean over rows.

    A row gives :math:`\sum_{i \le k} g(r_i) / \log_2(i + 1)`, divided by the same sum for the
    labels in the order of their relevance. Equal scores rank by index; scikit-learn averages over
    their orders.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: How relevant each label is, at least 0; with ``relevance_threshold`` any number.
            Bool, integer or float, shape ``(N, L)``.
        k: How many labels are named, at least 1; or several such cut-offs.
        gain: What a relevance r is worth: ``"exp_rank"`` for :math:`2^r - 1`, ``"linear_rank"``
            for r.
        empty_target: What a row without a relevant label counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.
        relevance_threshold: The least relevance that is not taken for 0, above 0; ``None`` keeps
            all.
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
        Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002; the
        exponential gain: Burges et al., "Learning to rank using gradient descent", ICML 2005.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> relevance = torch.tensor([[0, 1, 1], [0, 1, 1]])
        >>> ndcg_at_k(scores, relevance, k=[1, 2])
        tensor([0.5000, 0.6934], dtype=torch.float64)
    """
    check_choice("ndcg_at_k", "gain", gain, get_args(Gain))
    given = prepare_at_k(
        "ndcg_at_k",
        scores,
        relevance,
        k=k,
        empty_target=empty_target,
        threshold=relevance_threshold,
        mask=mask,
        is_graded=True,
    )
    sums = ndcg_at_k_sums(
        given.ranked,
        given.best(),
        ks=given.ks,
        empty_target=empty_target,
        gain=gain,
    )
    return given.result(sums)
