import pytest

from offline.processes import NodeProcess, wait_until


def test_process_that_ended_early_is_reported_with_its_last_words(tmp_path):
    with NodeProcess("this_module_does_not_exist", [], tmp_path / "log") as process:
        wait_until(lambda: not process.running(), 10, "the process to end")
        with pytest.raises(RuntimeError, match="No module named"):
            process.require_running()


def test_stop_interrupts_a_running_process(tmp_path):
    with NodeProcess("http.server", ["0", "--bind", "127.0.0.1"], tmp_path / "log") as process:
        assert process.running()
        process.stop()
        assert not process.running()


def test_waiting_too_long_names_what_was_waited_for():
    with pytest.raises(TimeoutError, match="for the moon"):
        wait_until(lambda: False, 0.1, "the moon")
