from threading import Event, Thread

from scene_perception.nodes.publishing_thread import PublishingThread


def test_results_are_published_in_order_and_all_before_it_ends() -> None:
    published: list[int] = []
    thread: PublishingThread[int] = PublishingThread(published.append)
    thread.start()
    for result in range(5):
        thread.put(result)
    assert thread.stop(10.0)
    assert published == [0, 1, 2, 3, 4]


def test_a_third_result_waits_while_one_is_published_and_one_waits(poll) -> None:
    gate, begun, done = Event(), Event(), Event()

    def publish(result: int) -> None:
        begun.set()
        gate.wait(10.0)

    thread: PublishingThread[int] = PublishingThread(publish)
    thread.start()
    thread.put(0)
    assert begun.wait(10.0)
    thread.put(1)
    third = Thread(target=lambda: (thread.put(2), done.set()))
    third.start()
    assert not done.wait(0.05)
    gate.set()
    assert done.wait(10.0)
    third.join(10.0)
    assert thread.stop(10.0)
