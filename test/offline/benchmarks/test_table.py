import json

from offline.benchmarks.table import format_table, machine, write_json


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
