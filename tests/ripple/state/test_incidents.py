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


A, B = Part(flows=("a",), files=4), Part(flows=("b",), files=2)
AB = Part(flows=("a", "b"), files=6)
MEMBERS: Members = {"a": ids_of("a", 4), "b": ids_of("b", 2)}
HALVES, OF_FLOWS = cut(A, MEMBERS), cut(AB, MEMBERS)
TRIAL_A, TRIAL_B, TRIAL_AB = (Part(flows=flows) for flows in (("a",), ("b",), ("a", "b")))


def test_an_incident_has_thirty_two_runs_and_the_last_is_a_trial_of_all_that_is_left_and_not_held() -> None:
    assert MOST_RUNS == 32
    late = Incident(queue=(B, A, Part(flows=("c",))), runs=31, is_sound=True)
    step = find_step(late, {"c"}, ())
    assert step is not None
    assert (step.takes, step.is_trial, step.is_last) == (TRIAL_AB, True, False)
    before = find_step(replace(late, runs=30), {"c"}, ())
    assert before is not None
    assert before.takes == B
    after = pass_trial(late, TRIAL_AB, MEMBERS)
    assert (after.leaving, after.queue) == ((B, A), late.queue[2:])
    suspected = replace(late, suspect=A, queue=(B,), trials=(TRIAL_A,))
    after = pass_trial(suspected, TRIAL_A, MEMBERS)
    assert (after.leaving, after.queue, after.suspect, after.trials) == ((A,), (B,), None, ())


PASSED = [
    ("the suspect is cut", Incident(suspect=A, queue=(B,)), TRIAL_A, (*HALVES, B), None),
    ("a trial of another flow says nothing of it", Incident(suspect=A, queue=(B,)), TRIAL_B, (B,), A),
    ("a trial of some of its flows says nothing of it", Incident(suspect=AB), TRIAL_B, (), AB),
    ("two files are cut", Incident(suspect=B), TRIAL_B, cut(B, MEMBERS), None),
    ("nobody is suspected", Incident(queue=(B,)), TRIAL_A, (B,), None),
]


@pytest.mark.parametrize(("why", "incident", "flows", "queue", "suspect"), PASSED, ids=[case[0] for case in PASSED])
def test_what_follows_when_a_trial_passes(
    why: str, incident: Incident, flows: Part, queue: tuple[Part, ...], suspect: Part | None
) -> None:
    after = pass_trial(replace(incident, trials=(flows, TRIAL_B)), flows, MEMBERS)
    assert (after.queue, after.suspect, after.trials, after.is_sound) == (queue, suspect, (TRIAL_B,), True)
    assert after.leaving == ()


FAILED = [
    ("several flows are tried one by one", Incident(), TRIAL_AB, (TRIAL_A, TRIAL_B), (), None, ()),
    (
        "parts of a suspect wait",
        Incident(suspect=AB, queue=(B,)),
        TRIAL_AB,
        (TRIAL_A, TRIAL_B),
        (*OF_FLOWS, B),
        None,
        (),
    ),
    ("a suspect of one flow waits for its trial", Incident(suspect=A), TRIAL_AB, (TRIAL_A, TRIAL_B), (), A, ()),
    ("the flow is held and its suspect waits", Incident(suspect=A, queue=(B,)), TRIAL_A, (), (A, B), None, ("a",)),
    ("the flow is held and another's suspect stays", Incident(suspect=A), TRIAL_B, (), (), A, ("b",)),
    ("the flow is held and nobody is suspected", Incident(queue=(A,)), TRIAL_A, (), (A,), None, ("a",)),
]


@pytest.mark.parametrize(
    ("why", "incident", "flows", "trials", "queue", "suspect", "held"), FAILED, ids=[case[0] for case in FAILED]
)
def test_what_follows_when_a_trial_fails(
    why: str,
    incident: Incident,
    flows: Part,
    trials: tuple[Part, ...],
    queue: tuple[Part, ...],
    suspect: Part | None,
    held: tuple[str, ...],
) -> None:
    further = Part(flows=("c",))
    after, now_held = fail_trial(replace(incident, trials=(flows, further)), flows, BROKE, MEMBERS)
    assert (after.trials, after.queue, after.suspect, now_held) == ((*trials, further), queue, suspect, held)
    assert (after.action, after.message) == (BROKE.action, BROKE.message)


def test_flows_are_not_tried_one_by_one_where_no_runs_are_left_for_that() -> None:
    enough = Incident(suspect=AB, runs=MOST_RUNS - 2)
    assert fail_trial(enough, TRIAL_AB, BROKE, MEMBERS)[1] == ()
    after, held = fail_trial(replace(enough, runs=MOST_RUNS - 1), TRIAL_AB, BROKE, MEMBERS)
    assert (held, after.queue, after.suspect, after.trials) == (("a", "b"), (AB,), None, ())


def test_a_part_that_fails_is_suspected_first_and_cut_once_the_sql_is_known_to_work() -> None:
    first = fail_part(Incident(queue=(A, B)), A, TRIAL_AB, BROKE, MEMBERS)
    assert (first.suspect, first.queue, first.trials) == (A, (B,), (TRIAL_AB,))
    assert (first.action, first.message) == (BROKE.action, BROKE.message)
    later = fail_part(Incident(queue=(A, B), is_sound=True), A, TRIAL_AB, BROKE, MEMBERS)
    assert (later.suspect, later.queue, later.trials) == (None, (*HALVES, B), ())
    assert fail_part(Incident(queue=(B,), is_sound=True), B, TRIAL_B, BROKE, MEMBERS).queue == cut(B, MEMBERS)
    single = replace(HALVES[0], files=1)
    assert fail_part(Incident(queue=(single,), is_sound=True), single, TRIAL_A, BROKE, MEMBERS).suspect == single


def test_what_is_suspected_or_waits_is_unsettled_and_keeps_the_incident_open() -> None:
    a, b = MEMBERS["a"][0], MEMBERS["b"][0]
    incident = Incident(queue=(B,), suspect=A)
    assert [is_unsettled(incident, flow, id) for flow, id in (("a", a), ("b", b), ("c", a))] == [True, True, False]
    assert not is_unsettled(Incident(), "a", a)
    open_ones = [Incident(queue=(A,)), Incident(suspect=A), Incident(trials=(TRIAL_A,))]
    assert [is_over(one) for one in (*open_ones, Incident())] == [False, False, False, True]


def test_files_that_were_all_parked_leave_a_run_that_says_that_the_batch_is_done() -> None:
    ids = MEMBERS["b"]
    named = replace(BROKE, objects=tuple(id[:16] for id in ids))
    after = fail_part(Incident(queue=(B,)), B, TRIAL_AB, named, MEMBERS)
    assert ([part.files for part in after.leaving], after.queue, after.trials) == ([1, 1], (), (TRIAL_AB,))
    step = find_step(after, (), ())
    assert step is not None
    assert step.is_last
    assert close_gap(Incident(queue=(A,)), TRIAL_B).trials == ()


def test_no_id_picks_nothing() -> None:
    assert pick((), Part(flows=("a",)), {"a": ids_of("a", 2)}) == ()
