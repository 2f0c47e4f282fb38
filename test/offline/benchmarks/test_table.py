import json

from offline.benchmarks.table import format_table, machine, rate_columns, write_json
from offline.benchmarks.timing import Timing


def test_numbers_are_aligned_to_the_right_with_two_decimals():
    table = format_table([{"part": "dsnet", "ms": 1.234}, {"part": "all", "ms": 100.0}])
    assert table.splitlines() == [
        "part       ms",
        "-----  ------",
        "dsnet    1.23",
        "all    100.00",
    ]


def test_json_report_reads_back(tmp_path):
    path = tmp_path / "new" / "report.json"
    write_json(path, {"machine": machine()})
    assert json.loads(path.read_text())["machine"]["cores"] >= 1


def test_a_rate_is_multiply_accumulates_over_the_median():
    columns = rate_columns(Timing(200.0, 100.0, 400.0, 3), gmac=5.0, peak=0.1)
    assert columns == {
        "median ms": 200.0,
        "p10 ms": 100.0,
        "p90 ms": 400.0,
        "GMAC": 5.0,
        "GMAC/s": 25.0,
        "of peak %": 25.0,
    }


def test_a_rate_that_is_not_known_is_a_dash():
    columns = rate_columns(Timing(200.0, 100.0, 400.0, 3), gmac=None, peak=0.1)
    assert [columns[key] for key in ("GMAC", "GMAC/s", "of peak %")] == ["-"] * 3


def test_small_figures_can_have_more_decimals():
    assert format_table([{"a": "x", "b": 0.00012}], decimals=4).splitlines()[-1].split() == [
        "x",
        "0.0001",
    ]
