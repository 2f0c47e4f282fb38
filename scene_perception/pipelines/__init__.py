"""Frame in, estimate out, without ROS."""
