"""The checkout keeps to its plan: what lies at the top, how large, and for any machine."""

import re
import subprocess

import pytest

TOP_LEVEL = {
    *("README.md", "LICENSE", "Makefile", "package.xml", "setup.py", "setup.cfg"),
    *("pyproject.toml", ".gitignore", ".ci", "config", "docs", "launch", "offline", "resource"),
    *("scene_perception", "test"),
}
LARGEST_FILE = 1_000_000
TEST_DATA_LIMIT = 15_000_000
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|home/\w|work|mnt|opt/(?!ros\b))[/\w]*")


@pytest.fixture(scope="module")
def tracked(repository):
    if not (repository / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=True
    )
    names = listed.stdout.decode().rstrip("\0").split("\0")
    return [repository / name for name in names if (repository / name).is_file()]


def text_of(path):
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode()


def test_top_level_holds_only_what_the_architecture_names(tracked, repository):
    assert {path.relative_to(repository).parts[0] for path in tracked} <= TOP_LEVEL


def test_no_tracked_file_is_large(tracked, repository):
    # Both have limits of their own: below, and in test_shipped_weights.
    others = {repository / "test" / "data", repository / "scene_perception" / "weights"}
    large = [p for p in tracked if p.stat().st_size > LARGEST_FILE and not others & {*p.parents}]
    assert large == []


def test_golden_arrays_stay_small(tracked, repository):
    data = repository / "test" / "data"
    assert sum(p.stat().st_size for p in tracked if data in p.parents) <= TEST_DATA_LIMIT


def test_no_tracked_text_names_a_place_on_one_machine(tracked):
    found = {path: MACHINE_PATH.findall(text_of(path)) for path in tracked}
    assert {path: places for path, places in found.items() if places} == {}


def test_every_script_that_is_run_by_its_name_is_executable(repository):
    scripts = [repository / ".ci" / "run", *(repository / "resource" / "executables").iterdir()]
    assert all(script.stat().st_mode & 0o111 for script in scripts)
