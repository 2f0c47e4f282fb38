"""Two processes with half the batch each are compared with one."""

import dataclasses

import pytest
import torch
from tiny_recipe import LocalMeanRecipe, Settings

from offline.training.gradient_check import difference, step_alone


def test_masks_and_batch_norm_over_all_processes_give_the_gradient_of_one(
    tiny_recipe, tiny_batch, two_processes_equal_one
):
    tiny_batch.tensors["depth"][0, :, :100] = 0  # few pixels in one process, many in the other
    two_processes_equal_one(tiny_recipe, tiny_batch)


def test_a_failure_in_a_process_is_told(two_processes, tiny_recipe, tiny_batch):
    del tiny_batch.tensors["moving"]
    with pytest.raises(OSError, match="must have 'moving'"):
        two_processes.step(tiny_recipe, tiny_batch)


def test_differences_are_named(tiny_recipe, tiny_batch):
    step = step_alone(tiny_recipe, tiny_batch)
    name, gradient = next(iter(step.gradients.items()))
    longer = dataclasses.replace(step, gradients={**step.gradients, name: 1.1 * gradient})
    fewer = dataclasses.replace(step, gradients={name: gradient})
    other = dataclasses.replace(step, terms={**step.terms, "depth": torch.tensor(9.0)})
    assert not difference(step, step)
    assert difference(step, longer).startswith(f"gradient of {name} must agree within")
    assert "have one in one case only" in difference(step, fewer)
    assert difference(step, other).startswith("term depth must be")


def test_a_mean_over_ones_own_pixels_is_found(two_processes, tiny_batch):
    tiny_batch.tensors["depth"][0, :, :100] = 0
    recipe = LocalMeanRecipe(Settings())
    together = two_processes.step(recipe, tiny_batch)
    assert "depth must be" in difference(step_alone(recipe, tiny_batch), together)
