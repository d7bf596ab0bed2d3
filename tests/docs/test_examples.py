"""The example scripts learn something: each is run with small options, and its result looked at."""

import pytest
from examples import contrastive, gan, reinforcement, truncated_bptt


@pytest.mark.slow
def test_truncated_back_propagation_learns_and_remembers_across_chunks() -> None:
    result = truncated_bptt.main(num_batches=12)
    assert result.error < 0.9 * result.error_of_last_value
    # the first chunk alone has nothing to remember
    assert result.later_chunks < 0.8 * result.first_chunk


@pytest.mark.slow
def test_the_generator_comes_near_the_data() -> None:
    untrained = gan.main(num_epochs=1, num_points=256)
    trained = gan.main(num_epochs=20)
    assert untrained.share_near_a_centre < 0.2
    assert trained.share_near_a_centre > 0.5
    assert trained.num_centres_found >= 6


@pytest.mark.slow
def test_the_pole_stands_longer_and_the_run_stops_when_it_is_solved() -> None:
    untrained = reinforcement.main(max_iterations=1)
    assert not untrained.is_solved
    assert untrained.reward < 40
    trained = reinforcement.main(max_iterations=40, goal=80.0)
    assert trained.is_solved
    assert trained.num_iterations < 40
    assert trained.reward >= 80


@pytest.mark.slow
def test_the_embedding_finds_better_neighbours_than_the_pixels() -> None:
    result = contrastive.main(num_epochs=10)
    assert result.by_pixels > 0.7
    assert result.by_embedding > result.by_pixels + 0.01
