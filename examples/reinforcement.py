"""Learn to balance a pole by policy gradients: a loop without data, which ends when it is solved.

Run it with ``python examples/reinforcement.py``. A cart moves on a rail, pushed left or right at
each step, and carries a pole that must not fall. In each iteration 32 carts are driven until their
poles fall, 200 steps at most, and what was good is made more likely. The run is stopped when the
poles stand for 190 steps on average. It takes some ten seconds on one core.

Source:
    The dynamics: Barto, Sutton and Anderson, "Neuronlike adaptive elements that can solve difficult
    learning control problems", 1983, without friction. The update: Williams, "Simple statistical
    gradient-following algorithms for connectionist reinforcement learning", 1992 (REINFORCE).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli
from torch.optim import Adam

from firesteel import Engine, Events, ProgressBar, RunningAverage, Stopped
from firesteel.data import manual_seed

NUM_CARTS = 32
MAX_STEPS = 200
GRAVITY, PUSH, STEP_S = 9.8, 10.0, 0.02
CART_MASS, POLE_MASS, POLE_HALF_LENGTH = 1.0, 0.1, 0.5
MAX_POSITION, MAX_ANGLE = 2.4, 0.21


class Episodes(NamedTuple):
    """What came of one iteration: the loss, and the mean number of steps that the poles stood."""

    loss: Tensor
    reward: Tensor


class Result(NamedTuple):
    """How the run ended."""

    num_iterations: int
    reward: float
    is_solved: bool


def move(state: Tensor, is_right: Tensor) -> Tensor:
    """Go on by one step: position, its speed, angle and its speed, of shape (carts, 4)."""
    _, speed, angle, turn = state.unbind(dim=1)
    mass = CART_MASS + POLE_MASS
    pole = POLE_MASS * POLE_HALF_LENGTH
    force = PUSH * (2 * is_right - 1)
    push = (force + pole * turn**2 * angle.sin()) / mass
    turning = (GRAVITY * angle.sin() - angle.cos() * push) / (
        POLE_HALF_LENGTH * (4 / 3 - POLE_MASS * angle.cos() ** 2 / mass)
    )
    acceleration = push - pole * turning * angle.cos() / mass
    change = torch.stack([speed, acceleration, turn, turning], dim=1)
    return state + STEP_S * change


def make_trainer(policy: nn.Module) -> Engine[None, Episodes]:
    optimizer = Adam(policy.parameters(), lr=1e-2)

    def train(_engine: Engine[None, Episodes], _batch: None) -> Episodes:
        state = 0.1 * torch.rand(NUM_CARTS, 4) - 0.05
        stands = torch.ones(NUM_CARTS, dtype=torch.bool)
        log_probs: list[Tensor] = []
        rewards: list[Tensor] = []
        while stands.any() and len(rewards) < MAX_STEPS:
            action = Bernoulli(logits=policy(state).squeeze(1))
            is_right = action.sample()
            log_probs.append(action.log_prob(is_right))
            rewards.append(stands.float())
            state = move(state, is_right)
            stands = stands & (state[:, 0].abs() < MAX_POSITION) & (state[:, 2].abs() < MAX_ANGLE)
        reward = torch.stack(rewards)  # of shape (steps, carts), like what follows
        yet_to_come = reward.flip(0).cumsum(0).flip(0)
        advantage = (yet_to_come - yet_to_come.mean(dim=1, keepdim=True)) / MAX_STEPS
        loss = -(torch.stack(log_probs) * advantage * reward).sum() / reward.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return Episodes(loss.detach(), reward.sum(dim=0).mean())

    return Engine(train)


def main(*, max_iterations: int = 300, goal: float = 190.0) -> Result:
    """Train until it is solved, and tell how long that took."""
    manual_seed(7)
    policy = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
    trainer = make_trainer(policy)
    reward = trainer.attach(RunningAverage(lambda output: output.reward, alpha=0.8), "reward")
    trainer.attach(ProgressBar(metrics=[reward]))

    @trainer.on(Events.ITERATION_COMPLETED)
    def stop_when_solved(engine: Engine[None, Episodes]) -> None:
        if engine.state.metrics[reward] >= goal:
            engine.terminate(reason="the poles stand")

    state = trainer.run(max_epochs=1, epoch_length=max_iterations)
    return Result(
        num_iterations=state.iteration,
        reward=state.metrics[reward],
        is_solved=isinstance(trainer.outcome, Stopped),
    )


if __name__ == "__main__":
    result = main()
    print("solved" if result.is_solved else "not solved", f"in {result.num_iterations} iterations:")
    print(f"the poles stand for {result.reward:.1f} of {MAX_STEPS} steps")
