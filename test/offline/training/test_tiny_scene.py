"""The scene that recipes are tested on has the geometry that it says."""

import pytest
import torch

from scene_perception.geometry.camera import project, unproject
from scene_perception.geometry.warp import warp_by_flow


@pytest.mark.parametrize(
    ("image", "flow", "hidden"),
    [
        ("next", "flow_forward", "occluded_next"),
        ("previous", "flow_backward", "occluded_previous"),
    ],
)
def test_warping_a_neighbour_by_the_flow_gives_this_image(tiny_batch, image, flow, hidden):
    warped = warp_by_flow(tiny_batch[image], tiny_batch[flow])
    error = (warped - tiny_batch["current"]).abs().mean(1, keepdim=True)
    assert error[~tiny_batch[hidden]].mean() < 0.006
    assert tiny_batch[hidden].float().mean() > 0.01


def test_disparity_leads_to_the_right_image(tiny_batch):
    disparity = tiny_batch["disparity"]
    flow = torch.cat([-disparity, torch.zeros_like(disparity)], 1)
    error = (
        (warp_by_flow(tiny_batch["right"], flow) - tiny_batch["current"])
        .abs()
        .mean(1, keepdim=True)
    )
    assert error[~tiny_batch["occluded_right"]].mean() < 0.006


def test_depth_and_pose_give_the_flow_of_what_stands(tiny_batch):
    points = unproject(tiny_batch["depth"], tiny_batch["intrinsics"])
    pose = tiny_batch["next_from_current"]
    moved = torch.einsum("bij,bjhw->bihw", pose[:, :3, :3], points) + pose[:, :3, 3, None, None]
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    flow = project(moved, tiny_batch["intrinsics"]) - torch.stack([x, y])
    error = (flow - tiny_batch["flow_forward"]).abs().amax(1, keepdim=True)
    assert error[~tiny_batch["moving"]].max() < 1e-3
    assert error[tiny_batch["moving"]].min() > 0.5
