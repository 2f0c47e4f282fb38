from threading import Thread

from scene_perception.nodes.latest_slot import LatestSlot


def test_the_newest_item_wins_and_the_overwritten_one_is_reported() -> None:
    slot: LatestSlot[str] = LatestSlot()
    assert slot.put("old")
    assert not slot.put("new")
    assert slot.take(0.0) == "new"


def test_taking_empties_the_slot() -> None:
    slot: LatestSlot[str] = LatestSlot()
    slot.put("only")
    slot.take(0.0)
    assert slot.take(0.0) is None
    assert slot.put("next")


def test_take_waits_for_an_item_of_another_thread() -> None:
    slot: LatestSlot[str] = LatestSlot()
    taken: list[str | None] = []
    consumer = Thread(target=lambda: taken.append(slot.take(10.0)))
    consumer.start()
    slot.put("later")
    consumer.join(10.0)
    assert taken == ["later"]


def test_closing_wakes_the_waiting_thread_with_nothing() -> None:
    slot: LatestSlot[str] = LatestSlot()
    taken: list[str | None] = []
    consumer = Thread(target=lambda: taken.append(slot.take(10.0)))
    consumer.start()
    slot.close()
    consumer.join(5.0)
    assert taken == [None]


def test_a_closed_slot_ignores_items() -> None:
    slot: LatestSlot[str] = LatestSlot()
    slot.put("before")
    slot.close()
    assert slot.put("after")
    assert slot.take(0.0) is None
    assert slot.closed
