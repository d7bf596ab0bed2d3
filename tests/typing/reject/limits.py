"""Limits that exclude each other, and engines without data."""

from firesteel import Engine


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def act(engine: Engine[None, float], batch: None) -> float:
    return 1.0


data = [1, 2, 3]
trainer = Engine(step)
player = Engine(act)

trainer.run(data, max_epochs=2, max_iters=5)  # E
trainer.run(data, 2, max_iters=5)  # E
trainer.run(data, max_epochs=2, max_iters=5, epoch_length=2)  # E
trainer.run(data, 2, 3, 4)  # E
trainer.run(data, max_iters="5")  # E
trainer.run(epoch_length=5)  # E: has data
trainer.run(None, epoch_length=5)  # E
trainer.run(epoch_length=5, max_iters=3)  # E
trainer.run(max_epochs=2)  # E
trainer.run(data, data)  # E

player.run()  # E: needs the length of an epoch
player.run(None)  # E
player.run(max_epochs=2)  # E
player.run(max_iters=2)  # E
player.run(None, 2)  # E
player.run(epoch_length=None)  # E
player.run(epoch_length=2, max_epochs=1, max_iters=1)  # E
player.run(data, epoch_length=2)  # E: takes no data
player.run([1, 2])  # E

trainer.run(data, max_iters=5)
player.run(epoch_length=5, max_epochs=2)
