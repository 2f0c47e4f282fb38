"""Files that are whole or as they were, whatever happens while they are written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_whole(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together: none takes its name before all are on the disk.

    Args:
        contents: of each file; their folder must be there.

    Raises:
        OSError: naming the file that cannot be written; then all are as they were.
    """
    partial = {path: path.with_name(f"{path.name}.{os.getpid()}.partial") for path in contents}
    path = Path()
    try:
        for path, content in contents.items():
            partial[path].write_bytes(content)
        for path, file in partial.items():
            file.replace(path)
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        for file in partial.values():
            file.unlink(missing_ok=True)


def require_writable(folder: Path) -> None:
    """Make a folder and try to write into it, before anything is computed for it.

    Raises:
        OSError: naming the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"output folder {folder} must be one that can be written to, it cannot: "
            f"{error.strerror or error}; give another --output"
        ) from error
