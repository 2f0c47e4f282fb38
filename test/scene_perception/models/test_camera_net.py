from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from scene_perception.models.camera_net import CameraDecoder, CameraNet


@torch.no_grad()
def _zero_decoder() -> CameraDecoder:
    decoder = CameraDecoder().eval()
    for parameter in decoder.parameters():
        parameter.zero_()
    return decoder


def test_without_evidence_the_intrinsics_are_a_centred_wide_camera() -> None:
    intrinsics = _zero_decoder().intrinsics(torch.zeros(1, 256, 3, 10), 192, 640)
    softplus = math.log(2)
    expected = [[softplus * 640, 0, 320], [0, softplus * 192, 96], [0, 0, 1]]
    torch.testing.assert_close(intrinsics, torch.tensor([expected]))


def test_a_pose_is_a_hundredth_of_the_heads_mean() -> None:
    pose_map = torch.arange(12.0).view(1, 12, 1, 1).expand(1, 12, 5, 12)
    previous, following = _zero_decoder().poses(pose_map)
    torch.testing.assert_close(previous, torch.arange(6.0)[None] / 100)
    torch.testing.assert_close(following, torch.arange(6.0, 12.0)[None] / 100)


@pytest.mark.parametrize("name", ["pose", "intrinsics", "cam_bottleneck", "pose_pred_map"])
def test_it_computes_what_the_published_network_does(
    golden: dict[str, np.ndarray], computed: dict[str, np.ndarray], name: str
) -> None:
    tolerance = 1e-6 if name == "pose" else 1e-4 * np.ptp(golden[name])
    np.testing.assert_allclose(computed[name], golden[name], atol=tolerance, rtol=0)


def test_an_image_of_another_size_is_refused() -> None:
    image = torch.zeros(1, 3, 192, 608)
    with pytest.raises(ValueError, match=r"multiples of 64 px and at least 128 px, got 192x608"):
        CameraNet()(image, image, image)
