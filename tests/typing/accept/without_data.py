"""Reinforcement learning: there is no data, the engine runs on its own."""

import itertools
from typing import NamedTuple, assert_type

from firesteel import Engine, Events, State, StateKey

EPISODE_REWARD = StateKey[float]("episode_reward")


class Transition(NamedTuple):
    observation: float
    reward: float


def act(engine: Engine[None, Transition], _: None) -> Transition:
    return Transition(engine.state.iteration / 10, 1.0)


player = Engine(act)
assert_type(player, Engine[None, Transition])


@player.on(Events.EPOCH_STARTED)
def begin(engine: Engine[None, Transition]) -> None:
    engine.state[EPISODE_REWARD] = 0.0


@player.on(Events.ITERATION_COMPLETED)
def reward(engine: Engine[None, Transition]) -> None:
    engine.state[EPISODE_REWARD] += engine.state.output.reward
    if engine.state[EPISODE_REWARD] >= 3:
        engine.terminate_epoch()


state = player.run(epoch_length=5, max_epochs=2)
assert_type(state, State[None, Transition])
assert_type(state.output, Transition)
assert state.epoch == 2

player.reset()
player.run(None, 2, epoch_length=2)
player.reset()
player.run(max_iters=3, epoch_length=2)
player.reset()
player.run(epoch_length=1)
player.reset()
# an iterable of None is data as well
player.run(itertools.repeat(None), epoch_length=3)
