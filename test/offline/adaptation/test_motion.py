import numpy as np
import pytest
import torch

from offline.adaptation.motion import MotionLimits, measure_motion, require_motion


def test_a_drive_has_flow_and_parallax(footage):
    motion = measure_motion(footage(4))
    assert motion.flow_px.shape == motion.parallax_px.shape == (3,)
    assert motion.flow_px.min() > 1  # px of 128, more at the width that is measured at
    assert motion.parallax_px.min() > 1
    assert require_motion(motion, MotionLimits(), "drive").all()


def test_a_standing_camera_is_refused_with_what_was_measured(footage):
    drive = footage(4)
    noise = torch.randn(4, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    still = (drive.images[:1].float() + 3 * noise).clamp(0, 255).to(torch.uint8)
    with pytest.raises(ValueError, match=r"flow between frames is 0\.\d+ px.*seems to stand"):
        require_motion(measure_motion(footage(4, images=still)), MotionLimits(), "still")


def test_a_camera_that_only_turns_is_refused(footage, drive):
    wide = torch.from_numpy(np.tile(drive(1)[0], (1, 2, 1))).permute(2, 0, 1)
    turning = torch.stack([wide[..., 3 * n : 3 * n + 128] for n in range(4)])
    with pytest.raises(ValueError, match="seems to turn on the spot"):
        require_motion(measure_motion(footage(4, images=turning)), MotionLimits(), "pan")
