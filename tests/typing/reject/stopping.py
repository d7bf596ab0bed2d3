"""Early stopping, time limits, NaN checks, loss spikes: another output, wrong words, wrong kinds."""

from typing import Any, NamedTuple

from firesteel import Average, Engine, Events, MetricKey
from firesteel.handlers import LOSS_SPIKE, EarlyStopping, LossSpike, LossSpikeDetector
from firesteel.handlers import TerminateOnNan, TimeLimit


class Output(NamedTuple):
    loss: float
    name: str


def give_output(engine: Engine[int, Output], batch: int) -> Output:
    return Output(0.5, "x")


def give_text(engine: Engine[int, str], batch: int) -> str:
    return "x"


def score(engine: Engine[Any, Output]) -> float:
    return engine.state.output.loss


def text_score(engine: Engine[Any, Output]) -> str:
    return engine.state.output.name


def agree() -> bool:
    return True


trainer, texts = Engine(give_output), Engine(give_text)
text_key = MetricKey[str]("text")
loss_key = MetricKey[float]("loss")

EarlyStopping(loss_key, patience=3)  # E
EarlyStopping(loss_key, trainer=trainer)  # E
EarlyStopping(3, loss_key, trainer)  # E: ignite's order
EarlyStopping("loss", patience=3, trainer=trainer)  # E
EarlyStopping(Average(), patience=3, trainer=trainer)  # E: the key was meant
EarlyStopping(text_key, patience=3, trainer=trainer)  # E
EarlyStopping(text_score, patience=3, trainer=trainer)  # E
EarlyStopping(score, patience=3.5, trainer=trainer)  # E
EarlyStopping(score, patience=3, trainer="trainer")  # E
EarlyStopping(score, patience=3, trainer=trainer, mode="best")  # E
EarlyStopping(score, patience=3, trainer=trainer, threshold_mode="percent")  # E
EarlyStopping(score, patience=3, trainer=trainer, nan="skip")  # E
EarlyStopping(score, patience=3, trainer=trainer, threshold="0.1")  # E
EarlyStopping(score, patience=3, trainer=trainer, min_delta=0.1)  # E: threshold here
EarlyStopping(score, patience=3, trainer=trainer).attach(texts)  # E
texts.attach(EarlyStopping(score, patience=3, trainer=trainer))  # E
texts.add_event_handler(Events.COMPLETED, EarlyStopping(score, patience=3, trainer=trainer))  # E
trainer.attach(
    EarlyStopping(lambda engine: engine.state.output.los, patience=3, trainer=trainer)  # E
)
trainer.attach(
    EarlyStopping(lambda engine: engine.state.output.name, patience=3, trainer=trainer)  # E
)
EarlyStopping(score, patience=3, trainer=trainer).attach(trainer, Events.COMPLETED)  # E: by keyword
EarlyStopping(score, patience=3, trainer=trainer).attach(trainer, event="completed")  # E
EarlyStopping(score, patience=3, trainer=trainer).best_score = 0.5  # E
EarlyStopping(score, patience=3, trainer=trainer).load_state_dict([1])  # E

TimeLimit()  # E
TimeLimit("1h")  # E
TimeLimit(None)  # E
TimeLimit(limit_sec=5)  # E: ignite's
TimeLimit(3600, 60)  # E: by keyword
TimeLimit(3600, margin="1m")  # E
TimeLimit(3600, agree=agree)  # E
trainer.attach(TimeLimit)  # E

TerminateOnNan("loss")  # E
TerminateOnNan(every=1.5)  # E
trainer.attach(TerminateOnNan(lambda output: output.los))  # E
texts.attach(TerminateOnNan(lambda output: output.loss))  # E
trainer.attach(TerminateOnNan(lambda output: output.loss, 10))  # E: by keyword

LossSpikeDetector(action="stop")  # E
LossSpikeDetector(window="50")  # E
trainer.attach(LossSpikeDetector())  # E: the output is no loss
texts.attach(LossSpikeDetector())  # E
trainer.attach(LossSpikeDetector(lambda output: output.name))  # E
trainer.add_event_handler(LOSS_SPIKE, lambda engine, spike: spike.los)  # E
trainer.fire_event(LOSS_SPIKE)  # E
trainer.fire_event(LOSS_SPIKE, 0.5)  # E
LossSpike(1, 2.0, 1.0)  # E
LossSpike(iteration=1, loss=2.0, median=1.0).loss = 3.0  # E

trainer.attach(EarlyStopping(score, patience=3, trainer=trainer))
trainer.attach(TimeLimit(3600))
trainer.attach(TerminateOnNan(lambda output: output.loss))
trainer.attach(LossSpikeDetector(lambda output: output.loss))
