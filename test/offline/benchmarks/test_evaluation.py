"""The benchmark measures every step of a frame, and whole frames."""

from offline.benchmarks.evaluation import evaluation_rows


def test_every_step_and_a_walk_over_many_frames_is_measured():
    rows = evaluation_rows(1, workers=(2,))
    assert [row["what"] for row in rows] == [
        "read the image",
        "read and project the scan",
        "shrink the image for the network",
        "enlarge the prediction",
        "score",
        "a frame of 60, 2 at once",
    ]
    assert all(0 < row["median ms"] < 10_000 for row in rows)
