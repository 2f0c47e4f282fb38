from argparse import Namespace

from offline.benchmarks.world import world_rows


def test_every_step_of_a_triplet_is_timed():
    rows = world_rows(Namespace(sizes=((32, 64),), device="cpu", repeats=1))
    assert [row["what"] for row in rows] == [
        "make the worlds",
        "what the cameras see",
        "what the sun sees",
        "colour of all images",
        "truth",
        "render, all of it",
    ]
    assert all(row["median ms"] > 0 for row in rows)
    assert all(row["triplets/s"] > 0 for row in rows)
