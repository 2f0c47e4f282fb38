"""Running a node that has one job as a process: start, work, complete, leave cleanly."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn, Protocol, TypeVar

import rclpy
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor

from scene_perception.nodes.dds import prepare_process

FAILED = 2


class Worker(Protocol):
    """A node with one job."""

    def work(self, executor: Executor) -> None:
        """Do the job, spinning ``executor``; it ends by returning or by an interrupt."""
        ...

    def finish(self) -> None:
        """Complete what was begun and print what was done."""
        ...

    def destroy_node(self) -> None:
        """Leave the ROS graph."""
        ...


Node = TypeVar("Node", bound=Worker)


def run(create: Callable[[], Node], args: Sequence[str] | None = None) -> int:
    """Run a node until its work is done or it is interrupted.

    Args:
        create: makes the node.
        args: command line, by default this process's.

    Returns:
        The process's exit status: 0, or 2 after one plain line on stderr where bad input
        (``ValueError``) or ROS itself ended the work.
    """
    prepare_process()
    signal.signal(signal.SIGINT, _interrupt_once)
    workers: list[Node] = []
    status = 0
    with suppress(KeyboardInterrupt):
        status = _reported(lambda: _work(create, args, workers))
        signal.signal(signal.SIGINT, _ignore)
    for worker in workers:
        status = max(status, _reported(worker.finish))
        worker.destroy_node()
    rclpy.try_shutdown()
    # While the interpreter ends it gives every handler but SIG_IGN back to the default, and a
    # second SIGINT would still kill the process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return status


def _interrupt_once(number: int, frame: FrameType | None) -> NoReturn:
    """Raise KeyboardInterrupt for the first SIGINT only: `ros2 launch` delivers two.

    The second must not interrupt the completion. What the exception cuts off in its
    constructor (rclpy's tasks, say) would complain of missing attributes when it is collected.
    """
    signal.signal(signal.SIGINT, _ignore)
    sys.unraisablehook = _drop
    raise KeyboardInterrupt


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing; unlike SIG_IGN, safe to set while a signal is pending."""


def _drop(unraisable: object) -> None:
    """Do nothing with what a destructor raises."""


def _work(create: Callable[[], Node], args: Sequence[str] | None, workers: list[Node]) -> None:
    try:
        rclpy.init(args=None if args is None else list(args))
    except RuntimeError as error:  # rclpy's RCLError: wrong arguments, no place for logs
        raise ValueError(f"ROS does not start: {error}") from error
    try:
        workers.append(create())
        executor = SingleThreadedExecutor()
        executor.add_node(workers[0])
        try:
            workers[0].work(executor)
        finally:
            executor.shutdown()
    except (KeyboardInterrupt, ExternalShutdownException):
        return
    except RuntimeError:
        # An interrupt shuts ROS down; a call into it at that moment raises RCLError.
        if rclpy.ok():
            raise


def _reported(step: Callable[[], None]) -> int:
    try:
        step()
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return FAILED
    return 0
