"""What ROS-free packages log is in the node's log."""

from __future__ import annotations

import logging

from scene_perception.nodes.python_log import forwarded

LOG = logging.getLogger("scene_perception.engines.anything")


class Node:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def info(self, text: str) -> None:
        self.lines.append(("info", text))

    def warning(self, text: str) -> None:
        self.lines.append(("warning", text))


def test_information_and_warnings_come_through() -> None:
    node = Node()
    with forwarded(node):
        LOG.debug("nobody asked")
        LOG.info("built in %.1f s", 2.0)
        LOG.error("no room")
    assert node.lines == [("info", "built in 2.0 s"), ("warning", "no room")]


def test_it_ends_with_the_block() -> None:
    node, level = Node(), logging.getLogger("scene_perception").level
    with forwarded(node):
        pass
    LOG.warning("nobody listens")
    assert node.lines == []
    assert logging.getLogger("scene_perception").level == level
