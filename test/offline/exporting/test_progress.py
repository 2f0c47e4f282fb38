"""Who waits for engines hears what is built, and no warning twice."""

import logging

from offline.exporting.progress import progress

LOGGER = logging.getLogger("scene_perception.engines.checked")


def test_engines_are_heard_and_warnings_told_once(capsys):
    with progress() as heard:
        LOGGER.info("building %s", "dsnet")
        LOGGER.debug("details")
        LOGGER.warning("the disk is full")
        heard.warn(["the disk is full", "openvino is refused"])
    assert capsys.readouterr().err.splitlines() == [
        "building dsnet", "warning: the disk is full", "warning: openvino is refused"
    ]  # fmt: skip


def test_logging_is_as_it_was_afterwards(capsys):
    engines = logging.getLogger("scene_perception.engines")
    before = engines.level, engines.propagate, list(engines.handlers)
    with progress():
        pass
    assert (engines.level, engines.propagate, list(engines.handlers)) == before
