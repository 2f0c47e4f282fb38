"""Running a node that has one job as a process: start, work, complete, leave cleanly."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import rclpy
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor

from scene_perception.bags import BagError
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
        (``ValueError``, ``BagError``) or ROS itself ended the work.
    """
    prepare_process()
    workers: list[Node] = []
    status = _guarded(lambda: _work(create, args, workers))
    # `ros2 launch` delivers SIGINT twice; the second must not interrupt the completion.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for worker in workers:
        status = max(status, _guarded(worker.finish))
        worker.destroy_node()
    rclpy.try_shutdown()
    return status


def _work(create: Callable[[], Node], args: Sequence[str] | None, workers: list[Node]) -> None:
    try:
        rclpy.init(args=None if args is None else list(args))
    except RuntimeError as error:  # malformed --ros-args
        raise ValueError(str(error)) from error
    workers.append(create())
    executor = SingleThreadedExecutor()
    executor.add_node(workers[0])
    try:
        workers[0].work(executor)
    finally:
        executor.shutdown()


def _guarded(step: Callable[[], None]) -> int:
    try:
        step()
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    except (ValueError, BagError) as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return FAILED
    except RuntimeError:  # rclpy's RCLError: also what a call meets in the middle of a shutdown
        if rclpy.ok():
            raise
    return 0
