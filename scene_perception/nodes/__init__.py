"""The ROS 2 nodes; the only importers of ROS."""

import os

# OpenMP's threads spin while they wait. On a robot, where other processes want the cores too,
# that costs: with two busy neighbours on two cores OmegaNet took 2.5 s a step spinning and
# 0.85 s without. libgomp reads the variable once, when PyTorch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
