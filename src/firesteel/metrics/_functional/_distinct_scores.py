"""The best labels of rows in the host's memory whose best scores all differ: nothing to repair."""

import torch
from torch import Tensor

from ._counts import is_on_host

__all__ = ["labels_of_distinct_scores"]


def labels_of_distinct_scores(
    scores: Tensor, *, k_max: int, mask: Tensor | None = None
) -> Tensor | None:
    """Give what ``topk_labels`` gives, in half the time, where equal scores cannot matter.

    To look for equal scores is free on the host, where nothing has to be waited for.

    Args:
        scores: One score per label, any scale. Float, shape ``(N, L)``.
        k_max: How many labels to give, at least 1.
        mask: True where a label is left out of the ranking. Bool, shape ``(N, L)``.

    Returns:
        Int64, shape ``(N, k_max)``; or ``None`` where all labels are asked for, where one of the
        scores at the top is NaN or equals the next, or where the host would have to wait.
    """
    if k_max >= scores.shape[1] or not is_on_host(scores):
        return None
    scores = scores.detach()
    if mask is not None:
        scores = scores.masked_fill(mask, -torch.inf)
    best, labels = scores.topk(k_max + 1, dim=1)
    values = (best.float() if best.dtype == torch.bfloat16 else best).numpy()
    # not `<=` for ties: neither NaN nor what is left out is above anything
    if not (values[:, :-1] > values[:, 1:]).all():
        return None
    return labels[:, :-1]
