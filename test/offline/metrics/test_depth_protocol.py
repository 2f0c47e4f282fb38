import pytest

from offline.metrics.depth_protocol import DepthProtocol


@pytest.mark.parametrize("name", ["truth", "crop", "resize", "scaling", "out_of_range"])
def test_unknown_choice_is_refused_with_those_that_exist(name):
    with pytest.raises(ValueError, match=rf"{name} must be one of .*, got 'surprise'"):
        DepthProtocol(**{name: "surprise"})


@pytest.mark.parametrize("wrong", [{"factor": 0.0}, {"batch_size": 0}, {"ratio_share": 1.5}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="factor must be > 0, batch_size >= 1 and ratio_share"):
        DepthProtocol(**wrong)


def test_words_tell_every_setting():
    words = DepthProtocol(
        truth="velodyne_png",
        crop="cityscapes",
        above_m=0.25,
        below_m=70,
        resize="spline_depth",
        scaling="fixed",
        factor=33,
        min_depth=0.5,
        max_depth=60,
        out_of_range="drop",
        lower_median=True,
        zero_is_zero=True,
        double_precision=True,
        batch_size=3,
        ratio_share=0.25,
    ).words()
    for told in (
        "velodyne_png between 0.25 and 70 m",
        "crop cityscapes",
        "spline_depth, 0 stays 0",
        "times 33",
        "lower median",
        "dropped when out of range: 0.5 ... 60 m",
        "double precision",
        "batches of 3 images",
        "first 25 % of the images",
    ):
        assert told in words
