"""A failure has a size: what is parked is the cause, all else is published, within 32 runs, and nothing while a trial fails."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripple.state.failures import Failure
from ripple.state.incidents import (
    MOST_RUNS,
    Incident,
    Step,
    close_gap,
    fail_part,
    fail_trial,
    find_step,
    is_over,
    is_unsettled,
    note_start,
    open_incident,
    pass_part,
    pass_trial,
)
from ripple.state.parts import Members, Part, cut, find_members, pick

BROKE = Failure(action="silver.orders", message="broke")


@dataclass
class World:
    """A batch of files by flow, those that fail whatever they are with, and flows whose SQL is broken."""

    members: dict[str, list[str]]
    poison: set[str]
    broken: set[str] = field(default_factory=set)
    audited: bool = False
    published: set[str] = field(default_factory=set)
    parked: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    runs: list[Step] = field(default_factory=list)

    def run(self, incident: Incident, step: Step) -> Incident:
        self.runs.append(step)
        taken = {} if step.is_trial else find_members(step.takes, self.members)
        ids = {id for held in taken.values() for id in held}
        flows = set(step.takes.flows) if step.is_trial else set(taken) | self._withdrawn(incident)
        ran = Part(flows=tuple(sorted(flows)))
        if flows & self.broken:
            return self._fail(incident, step, ran, BROKE)
        if ids & self.poison:
            named = tuple(id[:16] for id in sorted(ids & self.poison)[:20]) if self.audited else ()
            return self._fail(incident, step, ran, replace(BROKE, objects=named))
        self.published |= ids
        self.held -= set(step.takes.flows) if step.is_trial else set()
        done = pass_trial(incident, step.takes, self.members) if step.is_trial else pass_part(incident, step.takes)
        done = self.leave(done)
        assert not step.is_last or is_over(done)
        return done if step.is_last else close_gap(done, ran)

    def _withdrawn(self, incident: Incident) -> set[str]:
        unsettled = {flow for flow, ids in self.members.items() for id in ids if is_unsettled(incident, flow, id)}
        return unsettled - self.held

    def _fail(self, incident: Incident, step: Step, ran: Part, failure: Failure) -> Incident:
        if not step.is_trial:
            return self.leave(fail_part(incident, step.takes, ran, failure, self.members))
        after, held = fail_trial(incident, step.takes, failure, self.members)
        self.held |= set(held)
        return self.leave(after)

    def leave(self, incident: Incident) -> Incident:
        going = {id for part in incident.leaving for ids in find_members(part, self.members).values() for id in ids}
        self.parked |= going
        self.members = {flow: [id for id in ids if id not in going] for flow, ids in self.members.items()}
        return replace(incident, leaving=(), parked=incident.parked + len(going))

    def live(self, incident: Incident, due: Collection[str] = ()) -> Incident:
        for _ in range(200):
            step = find_step(incident, self.held, due)
            if step is None or is_over(incident):
                break
            incident = self.run(note_start(incident, step), step)
        return incident


def ids_of(flow: str, count: int) -> list[str]:
    return sorted(hashlib.sha256(f"{flow}{number}".encode()).hexdigest() for number in range(count))


def begin(world: World) -> Incident:
    """The batch's first run failed."""
    flows = tuple(sorted(world.members))
    whole = open_incident(flows, sum(map(len, world.members.values())))
    (part,) = whole.queue
    return world.leave(fail_part(whole, part, Part(flows=flows), BROKE, world.members))


@settings(max_examples=150, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(1, 300), min_size=1),
    data=st.data(),
    audited=st.booleans(),
)
def test_what_is_parked_is_the_cause_and_all_else_is_published(
    counts: dict[str, int], data: st.DataObject, audited: bool
) -> None:
    members = {flow: ids_of(flow, count) for flow, count in counts.items()}
    every = [id for ids in members.values() for id in ids]
    poison = set(data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=3)))
    world = World(members=dict(members), poison=poison, audited=audited)
    incident = world.live(begin(world))
    assert is_over(incident)
    assert world.runs[-1].is_last
    assert len(world.runs) <= MOST_RUNS
    assert world.published | world.parked == set(every)
    assert not world.published & poison
    if incident.runs < MOST_RUNS - 1:
        assert world.parked == poison


@settings(max_examples=60, deadline=None)
@given(broken=st.sets(st.sampled_from(["a", "b", "c"]), min_size=1), poisoned=st.booleans())
def test_a_flow_whose_sql_is_broken_is_held_and_nothing_of_it_is_parked(broken: set[str], poisoned: bool) -> None:
    members = {flow: ids_of(flow, 5) for flow in "abc"}
    innocent = sorted({"a", "b", "c"} - broken)
    poison = {members[innocent[0]][2]} if poisoned and innocent else set()
    world = World(members=dict(members), poison=poison, broken=broken)
    incident = world.live(begin(world))
    assert world.held == broken
    assert world.parked == poison
    assert world.published == {id for flow in innocent for id in members[flow]} - poison
    assert not is_over(incident)
    world.broken = set()
    again = len(world.runs)
    incident = world.live(incident, due=broken)
    tried = [step.takes.flows for step in world.runs[again:] if not step.counts]
    assert sorted(tried) == sorted((flow,) for flow in broken)
    assert is_over(incident)
    assert world.runs[-1].is_last
    assert world.parked == poison
    assert world.published | world.parked == {id for ids in members.values() for id in ids}


def test_a_batch_full_of_causes_is_parked_as_one_set_after_its_last_run() -> None:
    ids = ids_of("a", 1000)
    world = World(members={"a": list(ids)}, poison=set(ids[::2]))
    incident = world.live(begin(world))
    assert is_over(incident)
    assert len(world.runs) == MOST_RUNS
    assert world.runs[-1].is_last
    assert world.published | world.parked == set(ids)
    assert set(ids[::2]) <= world.parked


def test_a_single_file_is_parked_when_it_has_failed_before_and_after_a_trial() -> None:
    world = World(members={"a": ids_of("a", 1)}, poison=set(ids_of("a", 1)))
    incident = world.live(begin(world))
    assert [(step.is_trial, step.is_last) for step in world.runs] == [(True, False), (False, True), (True, True)]
    assert (incident.parked, incident.action, incident.message) == (1, "silver.orders", "broke")


def test_a_file_that_failed_of_what_was_repaired_since_is_published() -> None:
    world = World(members={"a": ids_of("a", 1)}, poison=set())
    incident = world.live(begin(world))
    assert [(step.is_trial, step.is_last) for step in world.runs] == [(True, False), (False, True)]
    assert (is_over(incident), world.parked, world.published) == (True, set(), set(ids_of("a", 1)))


def test_objects_that_an_audit_names_leave_without_a_trial_and_the_rest_runs() -> None:
    ids = ids_of("a", 9)
    world = World(members={"a": list(ids)}, poison={ids[3], ids[7]}, audited=True)
    whole = open_incident(("a",), 9)
    named = replace(BROKE, objects=(ids[3][:16], ids[7][:16]))
    incident = world.leave(fail_part(whole, whole.queue[0], Part(flows=("a",)), named, world.members))
    assert world.parked == {ids[3], ids[7]}
    incident = world.live(incident)
    assert [(step.is_trial, step.takes.files) for step in world.runs] == [(False, 7)]
    assert is_over(incident)


def test_a_step_waits_for_a_flow_that_is_held() -> None:
    incident = open_incident(("a", "b"), 2)
    assert find_step(incident, {"b"}, ()) is None


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [({"a": 5}, [3, 2]), ({"a": 2}, [1, 1]), ({"a": 1}, [1]), ({"a": 3, "b": 1}, [3, 1]), ({}, [])],
)
def test_a_part_is_cut_by_flow_then_in_halves(counts: dict[str, int], sizes: list[int]) -> None:
    members: Members = {flow: ids_of(flow, count) for flow, count in counts.items()}
    parts = cut(Part(flows=("a", "b"), files=sum(counts.values())), members)
    assert [part.files for part in parts] == sizes
    held = [id for part in parts for ids in find_members(part, members).values() for id in ids]
    assert sorted(held) == sorted(id for ids in members.values() for id in ids)


def test_no_id_picks_nothing() -> None:
    assert pick((), Part(flows=("a",)), {"a": ids_of("a", 2)}) == ()
