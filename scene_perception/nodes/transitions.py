"""Lifecycle transitions that say why they failed."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE

Node = TypeVar("Node", bound=LifecycleNode)
Transition = Callable[[Node, LifecycleState], TransitionCallbackReturn]


def logged(transition: Transition[Node]) -> Transition[Node]:
    """Log what a transition raises: rclpy swallows it and only reports an error state."""

    @wraps(transition)
    def logging_transition(node: Node, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except Exception:
            node.get_logger().error(f"{transition.__name__}: {traceback.format_exc()}")
            raise

    return logging_transition
