"""Labels of distinct scores are those that are found for any scores; where they are not, none."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from firesteel.metrics._functional._distinct_scores import labels_of_distinct_scores
from firesteel.metrics._functional._ranked import topk_labels

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    seed=st.integers(0, 2**16),
    num_values=st.sampled_from([3, 1000]),
    k_max=st.integers(1, 6),
    share=st.sampled_from([0.0, 0.3, 0.9]),
    dtype=st.sampled_from(DTYPES),
)
def test_what_is_given_is_right(
    seed: int, num_values: int, k_max: int, share: float, dtype: torch.dtype
) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(num_values, (2, 6), generator=generator).to(dtype)
    special = torch.rand(2, 6, generator=generator)
    scores = scores.masked_fill(special < 0.1, -torch.inf).masked_fill(special > 0.9, torch.inf)
    for mask in (None, torch.rand(2, 6, generator=generator) < share):
        labels = labels_of_distinct_scores(scores, k_max=k_max, mask=mask)
        if labels is not None:
            assert labels.tolist() == topk_labels(scores, k_max=k_max, mask=mask).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_distinct_scores_have_labels(dtype: torch.dtype) -> None:
    scores = torch.tensor([[0.5, 3.0, -2.0, 7.0]], dtype=dtype, requires_grad=True)
    labels = labels_of_distinct_scores(scores, k_max=2)
    assert labels is not None
    assert labels.tolist() == [[3, 1]]
    masked = labels_of_distinct_scores(
        scores, k_max=2, mask=torch.tensor([[False, False, False, True]])
    )
    assert masked is not None
    assert masked.tolist() == [[1, 0]]


@pytest.mark.parametrize(
    "row",
    [
        [3.0, 3.0, 1.0, 0.0],  # a tie within
        [4.0, 3.0, 3.0, 0.0],  # a tie at the edge
        [4.0, torch.nan, 1.0, 0.0],
        [torch.inf, torch.inf, 1.0, 0.0],
        [1.0, -torch.inf, -torch.inf, -torch.inf],
    ],
)
def test_where_the_order_could_matter_there_is_none(row: list[float]) -> None:
    scores = torch.tensor([[9.0, 5.0, 1.0, 0.0], row])
    assert labels_of_distinct_scores(scores, k_max=2) is None


def test_what_is_left_out_is_never_given() -> None:
    scores, mask = torch.tensor([[5.0, 4.0, 3.0]]), torch.tensor([[False, True, True]])
    assert labels_of_distinct_scores(scores, k_max=2, mask=mask) is None


def test_there_is_none_where_all_are_asked_for_or_the_host_would_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores = torch.tensor([[3.0, 2.0, 1.0]])
    assert labels_of_distinct_scores(scores, k_max=3) is None
    assert labels_of_distinct_scores(scores.to("meta"), k_max=1) is None
    monkeypatch.setattr("firesteel.metrics._functional._counts.has_numpy", False)
    assert labels_of_distinct_scores(scores, k_max=1) is None
