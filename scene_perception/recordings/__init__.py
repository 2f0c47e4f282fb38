"""Recordings and folders of images: reading, writing and pacing them, without ROS."""
