"""What comes back from a device; on a CPU, where the same code copies nothing."""

import pytest
import torch

from scene_perception.pipelines import mono, stereo
from scene_perception.pipelines.downloads import Downloader
from scene_perception.pipelines.mono import MonoPipeline
from scene_perception.pipelines.stereo import StereoPipeline


class Early(Downloader):
    """Has pipelines launch what comes next before they wait, as on a GPU."""

    overlaps = True


def test_on_a_cpu_nothing_is_copied_and_nothing_waits():
    downloader = Downloader(torch.device("cpu"))
    tensor = torch.arange(3)
    assert not downloader.overlaps
    assert downloader({"depth": tensor}).wait()["depth"] is tensor


@pytest.fixture
def launched_early(monkeypatch):
    for pipeline in (mono, stereo):
        monkeypatch.setattr(pipeline, "Downloader", Early)


@pytest.mark.usefixtures("launched_early")
def test_depth_and_motion_are_the_same_when_the_rest_is_launched_first(
    engines, config, frame_at, monkeypatch
):
    early = MonoPipeline(engines, config)
    monkeypatch.undo()
    late = MonoPipeline(engines, config)
    for second in (1.0, 1.1, 1.2):
        first, then = early.process(frame_at(second)), late.process(frame_at(second))
        assert (first.depth.depth == then.depth.depth).all()
    assert (first.motion.flow == then.motion.flow).all()
    assert (first.motion.motion_mask == then.motion.motion_mask).all()
    order = list(first.timings_ns)
    assert order.index("flow_encoder") < order.index("postprocess")


@pytest.mark.usefixtures("launched_early")
def test_scene_flow_is_the_same_when_it_is_launched_before_depth_is_read(
    stereo_engines, stereo_config, pair_at, monkeypatch
):
    early = StereoPipeline(stereo_engines, stereo_config)
    monkeypatch.undo()
    late = StereoPipeline(stereo_engines, stereo_config)
    for second in (1.0, 1.1):
        first, then = early.process(pair_at(second)), late.process(pair_at(second))
    assert (first.estimate.motion.flow == then.estimate.motion.flow).all()
    assert list(first.timings_ns).index("motion_refinement") < list(first.timings_ns).index("depth")
