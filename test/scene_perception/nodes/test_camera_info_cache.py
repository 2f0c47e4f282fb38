import time
from threading import Timer

from sensor_msgs.msg import CameraInfo

from scene_perception.nodes.camera_info_cache import CameraInfoCache


def camera_info(stamp_s: int) -> CameraInfo:
    message = CameraInfo()
    message.header.stamp.sec = stamp_s
    return message


def cache(*, has_publisher: bool = True) -> CameraInfoCache:
    return CameraInfoCache("/camera_info", lambda: has_publisher)


def test_an_image_gets_the_camera_info_of_its_own_stamp() -> None:
    cameras = cache()
    for stamp_s in (1, 2, 3):
        cameras.put(camera_info(stamp_s))
    assert cameras.match(2 * 10**9).header.stamp.sec == 2


def test_without_its_own_an_image_gets_the_newest() -> None:
    cameras = cache()
    cameras.put(camera_info(1))
    cameras.put(camera_info(2))
    assert cameras.match(9 * 10**9).header.stamp.sec == 2


def test_before_the_first_there_is_none() -> None:
    assert cache().match(0) is None


def test_the_first_image_waits_for_a_camera_info_that_has_a_publisher() -> None:
    cameras = cache()
    Timer(0.05, lambda: cameras.put(camera_info(1))).start()
    cameras.await_first(10.0)
    assert cameras.match(10**9) is not None


def test_nobody_waits_where_nobody_publishes() -> None:
    start = time.monotonic()
    cache(has_publisher=False).await_first(10.0)
    assert time.monotonic() - start < 5.0


def test_only_the_first_image_waits() -> None:
    cameras = cache()
    cameras.await_first(0.01)
    start = time.monotonic()
    cameras.await_first(10.0)
    assert time.monotonic() - start < 5.0
