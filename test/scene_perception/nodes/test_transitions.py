import pytest

from scene_perception.nodes.transitions import SUCCESS, logged


class Node:
    """A node that keeps the errors it logs, and one of whose transitions fails."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def get_logger(self) -> "Node":
        return self

    def error(self, text: str) -> None:
        self.errors.append(text)

    @logged
    def on_activate(self, state: object) -> object:
        return SUCCESS

    @logged
    def on_cleanup(self, state: object) -> object:
        raise RuntimeError("a publisher is gone")


def test_what_a_transition_raises_is_logged_by_its_name_and_raised_again() -> None:
    node = Node()
    with pytest.raises(RuntimeError, match="a publisher is gone"):
        node.on_cleanup(None)
    assert node.errors[0].startswith("on_cleanup: Traceback")


def test_a_transition_that_succeeds_says_nothing() -> None:
    node = Node()
    assert node.on_activate(None) == SUCCESS
    assert node.errors == []
