"""The ROS 2 nodes; the only importers of ROS."""

import gc
import os

# OpenMP's threads spin while they wait. On a robot, where other processes want the cores too,
# that costs: with two busy neighbours on two cores OmegaNet took 2.5 s a step spinning and
# 0.85 s without. libgomp reads the variable once, when PyTorch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Importing PyTorch makes a million objects that stay. Looking through them again and again for
# garbage took a fifth of a node's start, and later holds frames up: what a frame leaves behind is
# freed without that.
gc.set_threshold(50_000, 20, 100)
