"""One live run: replay, a perception node and the recorder as processes that talk over DDS."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from offline.processes import NodeProcess, wait_until

_START_TIMEOUT_S = 90.0
_QUIET_S = 1.0
_NODES = "scene_perception.nodes"
_READY, _REFUSED = "subscribes to", "[ERROR]"  # what the node's log says once it knows

Parameters = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class LiveRun:
    """What to run.

    Attributes:
        source: recording or folder of images to replay.
        folder: where the logs and the recording go; ``recording`` in it must not exist.
        node: parameters of the perception node.
        replay: parameters of ``replay_node`` beside the source.
        record: parameters of ``record_node`` beside the output.
        timeout_s: for the replay as a whole.
        name: the perception node, ``mono_node`` or ``stereo_node``.
    """

    source: Path
    folder: Path
    node: Parameters = field(default_factory=dict)
    replay: Parameters = field(default_factory=dict)
    record: Parameters = field(default_factory=dict)
    timeout_s: float = 600.0
    name: str = "mono_node"

    @property
    def recording(self) -> Path:
        """Where the outputs are recorded."""
        return self.folder / "recording"


def run_live(run: LiveRun, progress: Callable[[str], None]) -> Path:
    """Replay ``run.source`` through the node, record every output, return the recording.

    Args:
        run: what to run.
        progress: told in a few words what happens, about once a second.

    Raises:
        RuntimeError: if a process fails; the message holds its last words.
        TimeoutError: if the node does not start or the replay does not end in time.
    """
    run.folder.mkdir(parents=True, exist_ok=True)

    def node(name: str, parameters: Parameters) -> NodeProcess:
        return node_process(name, parameters, run.folder)

    with ExitStack() as stack:
        outputs = {"output": str(run.recording), "node": run.name, **run.record}
        recorder = stack.enter_context(node("record_node", outputs))
        perception = stack.enter_context(node(run.name, run.node))
        progress(f"starting {run.name}")
        _await(lambda: _is_ready(perception), _START_TIMEOUT_S, f"{run.name} to start", perception)
        replay = stack.enter_context(node("replay_node", {"source": str(run.source), **run.replay}))
        _follow(replay, perception, recorder, run, progress)
        if replay.stop():
            raise RuntimeError(f"replay_node failed; its last words:\n{replay.tail()}")
        _settle(run.recording)
    return run.recording


def node_process(name: str, parameters: Parameters, folder: Path) -> NodeProcess:
    """Return one of our nodes as a process, not yet started; its logs go to ``folder``."""
    arguments = ros_arguments(parameters)
    return NodeProcess(f"{_NODES}.{name}", arguments, folder / f"{name}.log", _environment(folder))


def ros_arguments(parameters: Parameters) -> list[str]:
    """Return a node's command line that sets ``parameters``."""
    if not parameters:
        return []
    settings = (f"{name}:={_yaml(value)}" for name, value in parameters.items())
    return ["--ros-args", *(part for setting in settings for part in ("-p", setting))]


def _yaml(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _environment(folder: Path) -> dict[str, str]:
    """Keep the run to this machine and, unless the user chose one, to a domain of its own."""
    return {
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DOMAIN_ID": os.environ.get("ROS_DOMAIN_ID", str(os.getpid() % 102)),
        "ROS_LOG_DIR": str(folder / "ros_logs"),
        "PYTHONUNBUFFERED": "1",
    }


def _is_ready(perception: NodeProcess) -> bool:
    text = perception.text()
    if _REFUSED in text:
        raise RuntimeError(
            f"{perception.name} does not start; its last words:\n{perception.tail()}"
        )
    return _READY in text


def _await(
    condition: Callable[[], bool], timeout_s: float, what: str, *processes: NodeProcess
) -> None:
    def check() -> bool:
        for process in processes:
            process.require_running()
        return condition()

    try:
        wait_until(check, timeout_s, what)
    except TimeoutError as error:
        words = "\n".join(f"{process.name}:\n{process.tail()}" for process in processes)
        raise TimeoutError(f"{error}; last words of\n{words}") from error


def _follow(
    replay: NodeProcess,
    perception: NodeProcess,
    recorder: NodeProcess,
    run: LiveRun,
    progress: Callable[[str], None],
) -> None:
    started = last = time.monotonic()

    def ended() -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last > 1.0:
            last = now
            progress(f"running for {now - started:.0f} s, {recorded_mb(run.recording):.0f} MB")
        return not replay.running()

    _await(ended, run.timeout_s, "the replay to end", perception, recorder)


def _settle(recording: Path) -> None:
    """Wait until the recording has stopped growing, so that the last outputs are in it."""
    size, since = -1.0, time.monotonic()

    def quiet() -> bool:
        nonlocal size, since
        now_mb = recorded_mb(recording)
        if now_mb != size:
            size, since = now_mb, time.monotonic()
        return time.monotonic() - since > _QUIET_S

    wait_until(quiet, 60.0, "the recording to be complete")


def recorded_mb(recording: Path) -> float:
    """Return the size of a recording so far, MB."""
    return sum(file.stat().st_size for file in recording.glob("*")) / 1e6
