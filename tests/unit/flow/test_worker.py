"""Workers: what they do when the store or the destination is unwell, and how they end."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.flow.worker import JudgeWorker, LaneWorker
from postroom.model.errors import GiveUp, TryLater
from postroom.model.mail import DestinationName
from postroom.model.work import Again, Lane, Outcome, Parcel
from tests.unit.flow.house import Bell, House, Moody, a_message


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


@pytest.fixture
def lane(house: House) -> Iterator[LaneWorker]:
    """The lane of appeals, over a store that can be in trouble."""
    lane = house.lane("appeals")
    lane.store = Moody(house.store)  # type: ignore[assignment]
    yield lane
    lane.executor.shutdown()


def some_mails(house: House, count: int) -> list[str]:
    """So many appeals, judged and waiting to be delivered."""
    ids = [house.accept(a_message(Message_ID=f"<{n}@example.com>"))[0].id for n in range(count)]
    while house.judge():
        pass
    return list(ids)


def raising(error: BaseException) -> Callable[[Parcel], None]:
    def says(_parcel: Parcel) -> None:
        raise error

    return says


def judge_worker(house: House, bell: Bell, **changes) -> JudgeWorker:
    return JudgeWorker(
        name="judge", store=house.store, judging=house.judging, observer=house.told, bell=bell, **changes
    )


class TestJudgeWorker:
    def test_it_judges_all_there_is_and_rings_the_deliveries(self, house: House) -> None:
        for number in range(5):
            house.accept(a_message(Message_ID=f"<{number}@example.com>", From=f"{number}@example.com"))
        rings: list[str] = []
        judge_worker(house, bell := Bell(), batch=2, ring_delivery=lambda: rings.append("!")).run()
        assert len(house.jobs(kinds=("deliver",), states=("ready",))) == 5
        assert len(rings) == 3
        assert bell.pauses == [0.5], "it waits only when there is nothing left"

    def test_a_store_in_trouble_is_asked_again(self, house: House) -> None:
        house.accept(a_message())
        moody = Moody(house.store, claim=2)
        bell = Bell(busy=lambda: not house.jobs(kinds=("deliver",)))
        bell.meanwhile = bell.ring
        worker = judge_worker(house, bell)
        replace(worker, store=moody).run()  # type: ignore[arg-type]
        assert len(house.told.of("store-trouble")) == 2
        assert len(house.jobs(kinds=("deliver",))) == 1

    def test_a_batch_in_hand_is_judged_once_the_store_is_well_again(self, house: House) -> None:
        """Trouble between reading and recording: nothing was changed, so the same batch is judged anew."""
        (mail,) = house.accept(a_message())
        moody = Moody(house.store, read=1, record=2)
        bell = Bell(busy=lambda: True)
        bell.meanwhile = bell.ring
        worker = replace(judge_worker(house, bell), judging=replace(house.judging, store=moody))
        assert worker.once() == 1
        assert len(house.store.decisions(mail.id)) == 1
        assert len(house.told.of("judged")) == 1
        assert len(house.told.of("store-trouble")) == 3

    def test_told_to_stop_it_doesnt_wait_for_the_store(self, house: House) -> None:
        house.accept(a_message())
        bell = Bell()
        bell.wait(0)
        worker = replace(judge_worker(house, bell), judging=replace(house.judging, store=Moody(house.store, read=1)))
        with pytest.raises(TryLater):
            worker.once()
        assert not house.store.decisions(house.store.newest(1)[0])

    def test_each_mail_parked_in_a_batch_is_told_once_though_settling_failed(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Recorded and told; then settling the others fails and the whole batch is done again."""
        from postroom.flow import router

        real = router.read

        def read(mail, trust):
            if b"poison" in mail.raw:
                raise ZeroDivisionError("a bug")
            return real(mail, trust)

        monkeypatch.setattr(router, "read", read)
        house.accept(a_message())
        house.accept(a_message("poison", Message_ID="<2@example.com>"))
        moody = Moody(house.store, settle=1)
        bell = Bell(busy=lambda: True)
        bell.meanwhile = bell.ring
        replace(judge_worker(house, bell), judging=replace(house.judging, store=moody)).once()
        assert len(house.told.of("judged")) == 1
        assert house.told.of("parked") == [{"why": "bug"}]
        assert [j.state for j in house.jobs(kinds=("judge",))] == ["done", "parked"]

    def test_clocks_ring_the_deliveries_too(self, tmp_path: Path) -> None:
        house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
        house.accept(a_message())
        house.judge()
        house.clock.advance(3601)
        rings: list[str] = []
        judge_worker(house, Bell(), ring_delivery=lambda: rings.append("!")).run()
        assert rings == ["!"]
        assert len(house.told.of("review-expired")) == 1
        house.store.close()


class TestLane:
    def test_what_it_delivers_it_settles_and_tells(self, house: House, lane: LaneWorker) -> None:
        some_mails(house, 9)
        house.clock.advance(2.5)
        lane.run()
        assert len(house.places["appeals"].got) == 9
        assert {j.state for j in house.jobs(kinds=("deliver",))} == {"done"}
        assert [told["seconds"] for told in house.told.of("delivered")] == [2.5] * 9

    @pytest.mark.parametrize("trouble", ["lanes", "claim", "read", "renew", "set_lane", "decided"])
    def test_whatever_the_store_refuses_each_mail_is_delivered_once(
        self, house: House, lane: LaneWorker, trouble: str
    ) -> None:
        some_mails(house, 6)
        moody = Moody(house.store, **{trouble: 2})
        lane.store = moody  # type: ignore[assignment]
        lane.dispatch = replace(lane.dispatch, store=moody)
        lane.batch = 2
        bell = lane.bell
        assert isinstance(bell, Bell)
        bell.busy = lambda: bool(house.jobs(kinds=("deliver",), states=("ready", "claimed")))
        bell.meanwhile = bell.ring
        if trouble == "set_lane":
            house.store.set_lane(
                Lane(destination=DestinationName("appeals"), down=True, probe_at=0, failures=1, error="x")
            )
        lane.run()
        assert moody.trouble[trouble] == 0
        assert len(house.places["appeals"].got) == 6
        assert {j.state for j in house.jobs(kinds=("deliver",))} == {"done"}
        assert len(house.told.of("delivered")) == 6

    def test_what_was_claimed_and_not_begun_is_given_back_at_the_end(self, house: House, lane: LaneWorker) -> None:
        """The store could claim and not read; then the worker is told to stop."""
        some_mails(house, 3)
        lane.store = Moody(house.store, read=1)  # type: ignore[assignment]
        bell = lane.bell
        assert isinstance(bell, Bell)
        bell.busy = lambda: False
        lane.run()
        assert not house.places["appeals"].got
        assert [(j.state, j.tries) for j in house.jobs(kinds=("deliver",))] == [("ready", 0)] * 3

    def test_told_to_stop_it_finishes_what_is_under_way_and_gives_back_the_rest(
        self, house: House, lane: LaneWorker
    ) -> None:
        some_mails(house, 12)
        bell = lane.bell
        assert isinstance(bell, Bell)
        entered, go_on = threading.Barrier(5), threading.Event()

        def slowly(_parcel: Parcel) -> None:
            entered.wait(30)
            assert go_on.wait(30)

        house.places["appeals"].says = slowly
        running = threading.Thread(target=lane.run)
        running.start()
        entered.wait(30)  # four are under way, eight are claimed behind them
        bell.waited = 1
        go_on.set()
        running.join(30)
        assert not running.is_alive()
        assert len(house.places["appeals"].got) == 4
        states = [(j.state, j.tries) for j in house.jobs(kinds=("deliver",))]
        assert states.count(("done", 0)) == 4
        assert states.count(("ready", 0)) == 8

    def test_told_to_stop_it_settles_what_was_delivered_even_if_the_store_was_unwell(
        self, house: House, lane: LaneWorker
    ) -> None:
        some_mails(house, 1)
        lane.store = Moody(house.store, settle=1)  # type: ignore[assignment]
        bell = lane.bell
        assert isinstance(bell, Bell)
        house.places["appeals"].says = lambda _p: setattr(bell, "waited", 1)
        lane.run()
        assert [j.state for j in house.jobs(kinds=("deliver",))] == ["done"]

    def test_one_slow_delivery_holds_up_no_other(self, house: House, lane: LaneWorker) -> None:
        """A mail that comes while another is under way is delivered beside it."""
        first, second = some_mails(house, 1)[0], None
        arrived = threading.Event()

        def says(parcel: Parcel) -> None:
            if parcel.mail.id == first:
                assert arrived.wait(30), "the second was never tried"
            else:
                arrived.set()

        house.places["appeals"].says = says
        bell = lane.bell
        assert isinstance(bell, Bell)

        def another_comes() -> None:
            nonlocal second
            if second is None:
                second = some_mails(house, 1) and house.accept(a_message(Message_ID="<late@example.com>"))
                house.judge()
                bell.ring()

        bell.meanwhile = another_comes
        lane.run()
        assert len(house.places["appeals"].got) == 2

    def test_a_bug_in_the_delivery_itself_parks_the_mail_and_the_lane_goes_on(
        self, house: House, lane: LaneWorker
    ) -> None:
        bad, good = some_mails(house, 2)

        class Buggy:
            def deliver(self, job, mail, why, destination, *, accused):
                if mail.id == bad:
                    raise AttributeError("a bug of ours")
                return house.dispatch.deliver(job, mail, why, destination)

        lane.dispatch = Buggy()  # type: ignore[assignment]
        lane.run()
        assert [p.mail.id for p in house.places["appeals"].got] == [good]
        (parked,) = house.jobs(states=("parked",))
        assert (parked.mail_id, parked.why, parked.error) == (bad, "bug", "AttributeError: a bug of ours")
        assert house.told.of("parked") == [{"destination": "appeals", "why": "bug"}]

    def test_a_store_in_trouble_during_a_delivery_costs_the_mail_no_try(self, house: House, lane: LaneWorker) -> None:
        """What the delivery itself must ask of the store: whether it was done before."""
        some_mails(house, 1)
        deliver, busy = lane.dispatch.deliver, [TryLater("database is locked")]

        class Locked:
            def deliver(self, *args, **more):
                if busy:
                    raise busy.pop()
                return deliver(*args, **more)

        lane.dispatch = Locked()  # type: ignore[assignment]
        settled: list[Outcome] = []

        class Watched(Moody):
            def settle(self, ended):
                settled.extend(ended)
                return house.store.settle(ended)

        lane.store = Watched(house.store)  # type: ignore[assignment]
        lane.run()
        (again,) = settled
        assert isinstance(again, Again)
        assert (again.error, again.counts, again.lane_down) == ("store: database is locked", False, False)
        lane.bell.waited = 0  # type: ignore[attr-defined]
        lane.run()
        assert len(house.places["appeals"].got) == 1
        assert [(j.state, j.tries) for j in house.jobs(kinds=("deliver",))] == [("done", 0)]

    def test_told_to_stop_while_one_carries_the_next_ones_are_not_begun(self, house: House, lane: LaneWorker) -> None:
        """The carrier looks at the bell itself: it may come to the next mail before the rest were given back."""
        some_mails(house, 3)
        bell = lane.bell
        assert isinstance(bell, Bell)

        class AtOnce(Executor):
            """Carries before `submit` returns, so nothing can be given back meanwhile."""

            def submit(self, work, /, *args, **more):
                work(*args, **more)
                return Future()

        lane.executor.shutdown()
        lane.executor = AtOnce()
        house.places["appeals"].says = lambda _p: setattr(bell, "waited", 1)
        lane.run()
        assert len(house.places["appeals"].got) == 1
        states = sorted((j.state, j.tries) for j in house.jobs(kinds=("deliver",)))
        assert states == [("done", 0), ("ready", 0), ("ready", 0)]

    def test_a_mail_that_the_store_has_lost_is_a_persons_matter(self, house: House, lane: LaneWorker) -> None:
        some_mails(house, 1)

        class Forgetful(Moody):
            def read(self, _ids):
                return ()

        lane.store = Forgetful(house.store)  # type: ignore[assignment]
        lane.run()
        assert [(j.state, j.why) for j in house.jobs(kinds=("deliver",))] == [("parked", "unreadable")]

    def test_a_delivery_that_nobody_decided_is_a_persons_matter(self, house: House, lane: LaneWorker) -> None:
        some_mails(house, 1)

        class Undecided(Moody):
            def decided(self, _jobs):
                return {}

        lane.store = Undecided(house.store)  # type: ignore[assignment]
        lane.run()
        assert [(j.state, j.why) for j in house.jobs(kinds=("deliver",))] == [("parked", "bug")]
        assert not house.places["appeals"].got

    def test_long_deliveries_keep_their_leases(self, house: House, lane: LaneWorker) -> None:
        some_mails(house, 1)
        moody = lane.store
        assert isinstance(moody, Moody)
        house.places["appeals"].says = lambda _p: house.clock.advance(31)
        lane.run()
        assert "renew" in moody.calls


class TestLaneThatIsDown:
    def down(self, house: House, **more) -> None:
        house.places["appeals"].says = raising(TryLater("connection refused", lane_down=True, **more))

    def test_it_rests_until_the_probe_and_remembers_that_over_a_restart(self, house: House, lane: LaneWorker) -> None:
        some_mails(house, 2)
        self.down(house)
        lane.run()
        (known,) = house.store.lanes()
        assert (known.down, known.failures, known.probe_at) == (True, 1, house.clock.now() + 10.0)
        house.places["appeals"].says = lambda _p: None
        house.deliver("appeals")
        assert not house.places["appeals"].got, "it rests"
        house.clock.advance(10)
        house.deliver("appeals")
        assert len(house.places["appeals"].got) == 2
        assert house.told.of("lane-up") == [{"destination": "appeals"}]
        assert not [known for known in house.store.lanes() if known.down]

    def test_it_waits_no_longer_than_to_its_probe(self, house: House, lane: LaneWorker) -> None:
        some_mails(house, 1)
        self.down(house)
        lane.run()
        bell = lane.bell
        assert isinstance(bell, Bell)
        assert bell.pauses[-1] == 2.0
        house.clock.advance(9.5)
        assert lane._rest() == 0.5
        house.clock.advance(5)
        assert lane._rest() == 0.05

    def test_probes_grow_rarer(self, house: House) -> None:
        some_mails(house, 1)
        self.down(house)
        pauses = []
        for _ in range(5):
            house.deliver("appeals")
            (known,) = house.store.lanes()
            pauses.append(known.probe_at - house.clock.now())
            house.clock.advance(pauses[-1])
        assert pauses == [10, 10, 20, 40, 80]
        assert len(house.told.of("lane-down")) == 1

    @pytest.mark.parametrize(("asked", "pause"), [(120.0, 132.0), (0.0, 10.0), (99_999.0, 3600.0)])
    def test_a_pause_that_the_destination_asks_for_is_kept(self, house: House, asked: float, pause: float) -> None:
        some_mails(house, 1)
        self.down(house, after=asked)
        house.deliver("appeals")
        (known,) = house.store.lanes()
        assert known.probe_at - house.clock.now() == pytest.approx(pause)

    def test_a_mail_is_not_tried_again_before_the_pause_that_was_asked_for(self, house: House) -> None:
        some_mails(house, 1)
        house.places["appeals"].says = raising(TryLater("greylisted", after=600.0))
        house.deliver("appeals")
        (job,) = house.jobs(kinds=("deliver",))
        assert job.due_at - house.clock.now() == pytest.approx(660.0)
        assert not house.store.lanes()

    @pytest.mark.parametrize("answer", [GiveUp("550 no"), TryLater("450 not this one now")])
    def test_a_probe_that_gets_any_answer_about_its_mail_brings_the_lane_up(
        self, house: House, answer: Exception
    ) -> None:
        some_mails(house, 3)
        self.down(house)
        house.deliver("appeals")
        house.places["appeals"].says = raising(answer)
        house.clock.advance(11)
        house.deliver("appeals")
        assert len(house.told.of("lane-up")) == 1
        assert not [known for known in house.store.lanes() if known.down]

    def test_those_under_way_when_it_went_down_come_back_untried(self, house: House, lane: LaneWorker) -> None:
        """Many are claimed; the first failure stops all but one, and no further one makes the pause longer."""
        some_mails(house, 30)
        lane.batch = 30
        self.down(house)
        lane.run()
        (known,) = house.store.lanes()
        assert known.failures <= 2, "the one that took it down, and perhaps another that was asked at once"
        assert {(j.state, j.tries) for j in house.jobs(kinds=("deliver",))} == {("ready", 0)}


class TestMailThatTakesItsLaneDown:
    """A destination that fails at one mail as if it failed at all (a firewall's 403, a crash behind a proxy: 502)."""

    def hostile(self, house: House, *ids: str) -> list[str]:
        """The ids that were tried, from now on; those named fail."""
        tried: list[str] = []

        def says(parcel: Parcel) -> None:
            tried.append(parcel.mail.id)
            if parcel.mail.id in ids:
                raise TryLater("HTTP 403", lane_down=True)

        house.places["appeals"].says = says
        return tried

    def live(
        self, house: House, lane: LaneWorker, seconds: float, step: float = 1.0, *, one_more: bool = False
    ) -> None:
        """So much time passes; with ``one_more`` good mail at each step."""
        bell = lane.bell
        assert isinstance(bell, Bell)
        for number in range(int(seconds / step)):
            if one_more:
                house.accept(a_message(Message_ID=f"<{house.clock.now()}.{number}@example.com>"))
                house.judge()
            bell.waited = 0
            lane.run()
            house.clock.advance(step)

    @pytest.mark.parametrize(("bad", "soon"), [(1, 120.0), (3, 240.0), (10, 4 * 3600.0)])
    def test_the_others_arrive_soon_and_it_is_parked_when_it_is_old(
        self, house: House, lane: LaneWorker, bad: int, soon: float
    ) -> None:
        """A row of many is asked one by one, with growing pauses where no good one happens to be asked beside them."""
        ids = some_mails(house, 20)
        self.hostile(house, *ids[:bad])
        self.live(house, lane, soon, step=soon / 120)
        assert sorted(parcel.mail.id for parcel in house.places["appeals"].got) == sorted(ids[bad:])
        self.live(house, lane, 6 * 86400.0, step=3600.0, one_more=True)
        assert len(house.places["appeals"].got) == 20 - bad + 6 * 24, "nor does any later one wait"
        parked = house.jobs(states=("parked",))
        assert {(job.mail_id, job.why) for job in parked} == {(one, "too-old") for one in ids[:bad]}
        assert all(job.tries >= 2 for job in parked)

    def test_it_goes_alone_for_the_next_mail_to_find_out(self, house: House, lane: LaneWorker) -> None:
        (only,) = some_mails(house, 1)
        tried = self.hostile(house, only)
        self.live(house, lane, 3600.0, step=10.0)
        (known,) = house.store.lanes()
        assert known.down
        assert {job.tries for job in house.jobs(kinds=("deliver",))} == {0}, "nobody knows yet whose fault it is"
        house.accept(a_message(Message_ID="<next@example.com>"))
        while house.judge():
            pass
        self.live(house, lane, 3700.0, step=10.0)
        assert [parcel.mail.id for parcel in house.places["appeals"].got] == [tried[-1]] or tried[-1] == only
        assert len(house.places["appeals"].got) == 1
        assert not any(known.down for known in house.store.lanes())

    def test_a_destination_that_fails_at_all_uses_up_no_tries(self, house: House, lane: LaneWorker) -> None:
        ids = some_mails(house, 12)
        tried = self.hostile(house, *ids)
        self.live(house, lane, 7 * 86400.0, step=1800.0)
        assert len(set(tried)) == len(ids), "each is asked in its turn"
        assert {(job.state, job.tries) for job in house.jobs(kinds=("deliver",))} == {("ready", 0)}
        house.places["appeals"].says = lambda _p: None
        self.live(house, lane, 7200.0, step=600.0)
        assert len(house.places["appeals"].got) == len(ids)

    def test_one_that_was_accused_wrongly_is_delivered(self, house: House, lane: LaneWorker) -> None:
        ids = some_mails(house, 2)
        self.hostile(house, ids[0])
        self.live(house, lane, 15.0)
        self.hostile(house)
        self.live(house, lane, 200.0)
        assert {parcel.mail.id for parcel in house.places["appeals"].got} == set(ids)
        assert not lane._accused
