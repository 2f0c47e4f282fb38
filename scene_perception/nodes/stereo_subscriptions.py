"""``stereo_node``'s inputs: two cameras, and the pairs that their images make."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from scene_perception.nodes.diagnostics import InputState
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.stereo_config import StereoNodeConfig
from scene_perception.nodes.stereo_intake import Caches, Pair
from scene_perception.nodes.stereo_pairing import StereoPairing
from scene_perception.nodes.subscriptions import CameraSubscriptions

PAIR = "stereo pair"


class StereoSubscriptions:
    """The subscriptions of an active node; their callbacks run in the executor's thread.

    Args:
        node: that subscribes.
        config: transport, reliability and synchronisation.
        journal: of the node.
        caches: take each CameraInfo.
        on_pair: takes the images of each moment.
    """

    def __init__(
        self,
        node: Node,
        config: StereoNodeConfig,
        journal: Journal,
        caches: Caches,
        on_pair: Callable[[Pair], None],
    ) -> None:
        self._statistics = journal.statistics
        self._caches = caches
        self._on_pair = on_pair
        self._pairing = StereoPairing(config.sync, self._take_pair, journal.statistics, journal.log)
        self._cameras = (
            CameraSubscriptions(node, config, self._take_left, caches.left.put, "left"),
            CameraSubscriptions(node, config, self._take_right, caches.right.put, "right"),
        )

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        for camera in self._cameras:
            yield from camera.lines()

    def states(self) -> tuple[InputState, ...]:
        """Return for how long no left image, no right image and no pair of them has come."""
        images = (
            InputState(camera.image_name, camera.image_topic, self._silence_s(camera.image_name))
            for camera in self._cameras
        )
        return (*images, InputState(PAIR, "", self._silence_s(PAIR)))

    def complaints(self, patience_s: float) -> Iterator[str]:
        """Yield what may be wrong with each input that was silent for ``patience_s``."""
        all_come = True
        for camera, cache in zip(self._cameras, self._caches, strict=True):
            silence_s = self._silence_s(camera.image_name)
            if silence_s >= patience_s:
                all_come = False
                yield camera.image_silence(silence_s)
            silence_s = self._silence_s(camera.camera_info_name)
            if cache.is_empty and silence_s >= patience_s:
                yield camera.camera_info_silence(silence_s)
        silence_s = self._silence_s(PAIR)
        if all_come and silence_s >= patience_s:
            yield f"no {PAIR} for {silence_s:.0f} s: {self._pairing.report()}"

    def destroy(self) -> None:
        """Take the subscriptions away."""
        for camera in self._cameras:
            camera.destroy()

    def _silence_s(self, name: str) -> float:
        return self._statistics.silence_s(name)

    def _take_left(self, message: Image | CompressedImage) -> None:
        self._statistics.mark(self._cameras[0].image_name)
        self._pairing.left(message)

    def _take_right(self, message: Image | CompressedImage) -> None:
        self._statistics.mark(self._cameras[1].image_name)
        self._pairing.right(message)

    def _take_pair(self, left: Image | CompressedImage, right: Image | CompressedImage) -> None:
        self._statistics.mark(PAIR)
        self._on_pair(Pair(left, right))
