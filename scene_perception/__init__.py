"""Live scene perception for ROS 2: depth, semantics, flow, ego-motion and moving objects."""
