"""Start nodes as processes of their own and stop them as an operator would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

_STOP_TIMEOUT_S = 15.0


class NodeProcess:
    """One of our nodes, run with this interpreter; its output goes to a log file.

    Args:
        module: the node's module, such as ``scene_perception.nodes.mono_node``.
        arguments: what follows the module on the command line.
        log: file that takes stdout and stderr.
        environment: variables to set on top of this process's own.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = module.rsplit(".", maxsplit=1)[-1]
        self.log = log
        self._module = module
        self._arguments = list(arguments)
        self._environment = {**os.environ, **(environment or {})}

    def __enter__(self) -> NodeProcess:
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module, *self._arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The system's number of the process."""
        return self._process.pid

    def running(self) -> bool:
        """Return whether the process still lives."""
        return self._process.poll() is None

    def stop(self) -> int:
        """Interrupt the process as Ctrl-C would and return its exit status."""
        if self.running():
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def require_running(self) -> None:
        """Raise RuntimeError with the log's last lines if the process has ended."""
        if not self.running():
            raise RuntimeError(
                f"{self.name} ended early with status {self._process.returncode}; "
                f"its last words ({self.log}):\n{self.tail()}"
            )

    def tail(self, lines: int = 12) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.text().splitlines()[-lines:])

    def text(self) -> str:
        """Return all that the process has written so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Poll ``condition`` until it holds.

    Raises:
        TimeoutError: naming ``what`` was waited for and how long.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:.0f} s for {what}")
        time.sleep(0.05)
