from __future__ import annotations

import json

import pytest

from offline import benchmark


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, object]]:
    """What the stand-in parts were asked for."""
    calls: list[tuple[str, object]] = []

    def part(name: str):
        def measure(options):
            calls.append((name, options.sizes))
            return [{"what": name, "ms": 1.0}]

        return measure

    monkeypatch.setattr(benchmark, "BENCHMARKS", {name: part(name) for name in ("one", "two")})
    return calls


def run(tmp_path, *arguments: str) -> dict[str, object]:
    output = tmp_path / "report.json"
    assert benchmark.main([*arguments, "--output", str(output)]) == 0
    return json.loads(output.read_text())


def test_everything_is_measured_at_both_usual_sizes(asked, tmp_path):
    report = run(tmp_path)
    assert asked == [(name, ((192, 640), (384, 1280))) for name in ("one", "two")]
    assert report["one"] == [{"what": "one", "ms": 1.0}]
    assert "processor" in report["machine"]


def test_a_part_is_measured_alone_at_a_size_of_choice(asked, tmp_path):
    run(tmp_path, "two", "--height", "128", "--width", "256")
    assert asked == [("two", ((128, 256),))]


def test_rows_of_all_sizes_and_measurements_follow_each_other():
    rows = benchmark.at_sizes(
        [(1, 2), (3, 4)], lambda h, w: [{"size": h * w}], lambda h, w: [{"size": -h}]
    )
    assert [row["size"] for row in rows] == [2, -1, 12, -3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["three"], "PART must be one of one, two, got three"),
        (["--height", "128"], "--height and --width must be given together"),
        (["--repeats", "0"], "--repeats must be at least 1"),
    ],
)
def test_what_cannot_be_measured_is_refused(asked, capsys, arguments, message):
    with pytest.raises(SystemExit):
        benchmark.main(arguments)
    assert message in capsys.readouterr().err


def test_a_failing_part_ends_the_run_with_its_name(monkeypatch, tmp_path, capsys):
    def fails(options):
        raise RuntimeError("no node")

    monkeypatch.setattr(benchmark, "BENCHMARKS", {"one": fails})
    assert benchmark.main(["--output", str(tmp_path / "report.json")]) == 1
    assert "error: one: no node" in capsys.readouterr().err
