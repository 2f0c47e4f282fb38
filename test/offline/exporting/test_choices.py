"""Options become the settings of a node, and what is not given is the node's."""

import argparse

import pytest

from offline.exporting.choices import MODELS, choose


def _options(model, **given):
    names = ("height", "width", "semantics_height", "semantics_width", "cache")
    defaults = dict.fromkeys(names)
    texts = {"weights": "", "flow": "", "semantics": "", "backend": "auto",
             "precision": "float32", "device": "auto"}  # fmt: skip
    options = {**defaults, **texts, "random_weights": True, "list": False}
    return argparse.Namespace(model=model, **{**options, **given})


@pytest.mark.parametrize("model", MODELS)
def test_sizes_that_are_not_given_are_the_nodes(model):
    network = choose(_options(model)).config.network
    stereo = model == "dwarf"
    assert (network.height, network.width) == ((384, 1280) if stereo else (192, 640))
    assert choose(_options(model)).stereo == stereo


def test_everything_that_decides_about_engines_is_passed_on(tmp_path):
    given = {"height": 128, "width": 192, "backend": "openvino", "precision": "int8",
             "device": "cpu", "weights": "w.safetensors", "random_weights": False}  # fmt: skip
    config = choose(_options("sgdepth", flow="f", semantics="s", cache=tmp_path, **given)).config
    for name, value in given.items():
        assert getattr(config.network, name) == value
    assert config.network.cache_dir == str(tmp_path)
    assert (config.model, config.flow.weights, config.semantics.weights) == ("sgdepth", "f", "s")


def test_a_stereo_nodes_semantics_have_a_size_of_their_own():
    config = choose(_options("dwarf", semantics="s", semantics_width=256)).config
    network = config.semantics.network(config.network)
    assert (network.weights, network.height, network.width) == ("s", 192, 256)


def test_a_size_out_of_range_is_refused_by_name():
    with pytest.raises(ValueError, match=r"network.height must be a multiple of 64, got 200"):
        choose(_options("omeganet", height=200))


def test_flow_beside_dwarf_is_refused():
    with pytest.raises(ValueError, match="gives flow itself"):
        choose(_options("dwarf", flow="f"))
