"""Events reach every page that listens, from whatever thread, and never hold up who tells them."""

import asyncio
import threading

import pytest

from audioscan_ui.events import Events, Listener


def test_all_who_listen_hear_all_in_order_from_any_thread():
    async def listen():
        events = Events()
        with Listener(events) as first, Listener(events) as second:
            thread = threading.Thread(target=lambda: [events.tell("change", {"seq": n}) for n in range(100)])
            thread.start()
            heard = [[(await each.next(5))["seq"] for _ in range(100)] for each in (first, second)]
            thread.join()
        return heard

    assert asyncio.run(listen()) == [list(range(100))] * 2


def test_who_does_not_read_is_told_to_fetch_everything_anew():
    async def listen():
        events = Events()
        with Listener(events) as slow:
            for number in range(5000):
                events.tell("job", {"number": number})
            await asyncio.sleep(0)
            heard = []
            while True:
                try:
                    heard.append(await slow.next(0.05))
                except TimeoutError:
                    return heard

    heard = asyncio.run(listen())
    assert len(heard) <= 501
    assert {"kind": "state"} in heard
    assert heard[-1] == {"kind": "job", "number": 4999}


def test_who_has_left_hears_no_more():
    async def listen():
        events = Events()
        with Listener(events) as gone:
            pass
        events.tell("state")
        with pytest.raises(TimeoutError):
            await gone.next(0.05)

    asyncio.run(listen())


def test_a_page_whose_loop_has_ended_is_no_trouble():
    events = Events()

    async def listen():
        events.add(Listener(events))

    asyncio.run(listen())
    events.tell("state")


def test_the_end_is_heard_by_those_who_come_later_too():
    async def listen():
        events = Events()
        with Listener(events) as before:
            events.close()
            assert await before.next(1) is None
        with Listener(events) as after:
            assert await after.next(1) is None

    asyncio.run(listen())
