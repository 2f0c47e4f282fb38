"""The loop resumes to the bit, stops when asked, and says when a run diverges."""

import dataclasses
import signal
from pathlib import Path

import pytest
import tiny_run
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tiny_recipe import Settings

from offline.training.checkpoint import LAST, STATE
from offline.training.config import Augmentation, Optimizer, Schedule, TrainConfig, Validation
from offline.training.divergence import Diverged
from offline.training.history import HISTORY, read_history
from offline.training.loop import train
from offline.training.sources import StoredSource


@pytest.fixture
def config(tmp_path, tiny_entry):
    return TrainConfig(
        recipe="tiny",
        settings=Settings(),
        height=128,
        width=128,
        optimizer=Optimizer(learning_rate=1e-2),
        schedule=Schedule(warmup_steps=2),
        steps=6,
        steps_per_epoch=2,
        batch_size=2,
        workers=0,
        device="cpu",
        validation=Validation(every=0),
        checkpoint_every=4,
        log_every=2,
        pictures_every=4,
        output=str(tmp_path / "run"),
    )


def state_of(folder):
    return torch.load(folder / STATE, weights_only=True)


def test_a_run_ends_with_weights_a_state_and_logs(config, tiny_source):
    outcome = train(config, sources=[tiny_source])
    assert (outcome.step, outcome.finished) == (6, True)
    names = {path.name for path in outcome.folder.iterdir()}
    assert names == {STATE, LAST, HISTORY, "config.yaml", "log"}
    with safe_open(outcome.folder / LAST, "pt") as file:
        assert file.metadata()["model"] == "tiny"
        assert file.metadata()["steps"] == "6"


def test_slices_give_what_one_run_gives_to_the_bit(tiny_entry, resumes_exactly):
    resumes_exactly("tiny", Settings(), steps=4)


def test_a_finished_run_is_left_as_it_is(config, tiny_source):
    outcome = train(config, sources=[tiny_source])
    before = (outcome.folder / STATE).read_bytes()
    assert train(config, sources=[tiny_source]).finished
    assert (outcome.folder / STATE).read_bytes() == before


def test_each_slice_is_in_the_history_and_a_finished_run_adds_none(config, tiny_source):
    for slice_s in (0.0, None, None):
        outcome = train(config, slice_s=slice_s, sources=[tiny_source])
    slices = read_history(outcome.folder)
    assert [(one.first_step, one.last_step) for one in slices] == [(0, 1), (1, 6)]
    assert all(one.seconds > 0 and "cores" in one.hardware for one in slices)


def test_the_recipe_counts_epochs_over_slices(config, tiny_source):
    train(config, slice_s=0.0, sources=[tiny_source])
    outcome = train(config, sources=[tiny_source])
    assert state_of(outcome.folder)["recipe"]["_extra_state"] == {"epochs": 3}


def test_the_state_of_another_run_is_refused(config, tiny_source):
    train(config, slice_s=0.0, sources=[tiny_source])
    other = dataclasses.replace(config, batch_size=4)
    with pytest.raises(ValueError, match="batch_size is 2, not 4"):
        train(other, sources=[tiny_source])


def test_what_changes_nothing_may_change_between_slices(config, tiny_source):
    train(config, slice_s=0.0, sources=[tiny_source])
    other = dataclasses.replace(config, log_every=1, checkpoint_every=1)
    assert train(other, sources=[tiny_source]).finished


def test_a_signal_lets_the_step_end_and_keeps_it(config, tiny_source):
    once = iter([signal.SIGTERM])

    class Interrupted(StoredSource):
        def begin(self, index):
            for number in once:
                signal.raise_signal(number)
            return super().begin(index)

    outcome = train(config, sources=[Interrupted(tiny_source.samples)])
    assert (outcome.step, outcome.finished) == (1, False)
    assert state_of(outcome.folder)["step"] == 1
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_divergence_is_told_with_step_terms_and_samples(config, tiny_samples):
    broken = [{**sample, "current": sample["current"] * float("nan")} for sample in tiny_samples]
    source = StoredSource([(sample, f"tiny {n}") for n, sample in enumerate(broken)])
    plain = dataclasses.replace(config, augmentation=Augmentation(jitter=0))
    with pytest.raises(Diverged, match=r"step 0: .*depth nan.*tiny") as told:
        train(plain, sources=[source])
    assert "learning_rate" in str(told.value)


def test_a_name_that_no_source_gives_is_told_before_the_first_step(config, tiny_samples):
    poor = [({"current": sample["current"]}, "poor") for sample in tiny_samples]
    with pytest.raises(ValueError, match="data for tiny must have depth, moving; synthetic gives"):
        train(config, sources=[StoredSource(poor)])


def test_averaged_weights_are_written_and_live_ones_go_on(config, tiny_source):
    outcome = train(dataclasses.replace(config, ema_decay=0.9), sources=[tiny_source])
    state = state_of(outcome.folder)
    written = load_file(outcome.folder / LAST)
    name = "0.weight"
    assert torch.equal(written[name], state["average"][f"network.{name}"])
    assert not torch.equal(written[name], state["recipe"][f"network.{name}"])


def test_mixed_precision_trains(config, tiny_source):
    outcome = train(dataclasses.replace(config, precision="bf16-mixed"), sources=[tiny_source])
    assert outcome.finished


def test_half_precision_on_a_cpu_is_refused(config, tiny_source):
    with pytest.raises(ValueError, match="16-mixed must run on a GPU"):
        train(dataclasses.replace(config, precision="16-mixed"), sources=[tiny_source])


def test_workers_change_nothing(config, tiny_source):
    alone = train(config, sources=[tiny_source])
    other = dataclasses.replace(config, workers=1, output=f"{config.output}_workers")
    shared = train(other, sources=[tiny_source])
    one, two = (load_file(outcome.folder / LAST) for outcome in (alone, shared))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_two_processes_train_as_one_and_go_on(config, two_processes):
    config = dataclasses.replace(config, batch_size=4)
    alone = train(config, sources=[tiny_run.scenes()])
    config = dataclasses.replace(config, output=f"{config.output}_two")
    assert two_processes.run(tiny_run.train_tiny, config, 0.0) == (1, False)
    assert two_processes.run(tiny_run.train_tiny, config, None) == (6, True)
    one, two = (load_file(folder / LAST) for folder in (alone.folder, Path(config.output)))
    shifted = {
        "0.bias",
        "1.running_mean",
    }  # a bias before a batch norm has no gradient but rounding
    for name in one.keys() - shifted:
        torch.testing.assert_close(two[name], one[name], rtol=1e-3, atol=1e-5)
