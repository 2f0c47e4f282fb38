from offline.benchmarks.stereo_geometry import geometry_rows


def test_every_function_of_the_geometry_is_timed_on_a_scene_that_it_works_on():
    rows = {row["what"]: row["median ms"] for row in geometry_rows(repeats=1)}
    assert {
        "depth_from_disparity",
        "motion_validity",
        "scene_points",
        "find_objects",
    } <= rows.keys()
    assert "fit_camera_motion (2000 points)" in rows
    assert all(median > 0 for median in rows.values())
