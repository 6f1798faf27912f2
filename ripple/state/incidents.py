"""What is done about a batch that failed, until each of its files is published or parked. Pure.

A part that failed is a suspect until a trial has run: the same SQL over files that it took before, with the batch's unsettled files
taken out. If the trial fails as well, the files are not the cause, and the flow is held. If it passes, the part is cut; a
single file runs once more, and is parked if a trial passes after that again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ripple.state.failures import Failure
from ripple.state.parts import Members, Part, cut, pick
from ripple.state.records import Record

MOST_RUNS = 32
"""Of an incident; what is unsplit after them is parked as one set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(Record):
    """What is still to be run of a batch that failed."""

    queue: tuple[Part, ...] = ()
    """Parts that are to run, the next one first."""
    suspect: Part | None = None
    """The part that failed last, until a trial has said whether its files are the cause."""
    trials: tuple[Part, ...] = ()
    """Flows that trials are to be made of, the next one first."""
    leaving: tuple[Part, ...] = ()
    """What is being parked."""
    is_sound: bool = False
    """Whether a trial has passed: a part may be cut without another one."""
    runs: int = 0
    """How many runs it has had."""
    parked: int = 0
    """How many files were parked."""
    action: str = ""
    """The statement that failed last."""
    message: str = ""
    """What it said, without what rows say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next run of an incident. `is_last`: if it succeeds, the batch is done. `counts`: among the incident's runs."""

    takes: Part
    is_trial: bool
    is_last: bool
    counts: bool = True


def open_incident(flows: tuple[str, ...], files: int) -> Incident:
    return Incident(queue=(Part(flows=flows, files=files),))


def find_step(incident: Incident, held: Collection[str], due: Collection[str]) -> Step | None:
    """What runs next; None while all that is left waits for flows that are held. `due` are those to be tried again."""
    if incident.trials:
        return _try(incident, incident.trials[0])
    for part in incident.queue:
        waits = [flow for flow in part.flows if flow in held]
        again = [flow for flow in waits if flow in due]
        if again:
            return replace(_try(incident, Part(flows=(again[0],))), counts=False)
        if not waits:
            return _take(incident, part, held)
    return None


def _take(incident: Incident, part: Part, held: Collection[str]) -> Step:
    if incident.runs >= MOST_RUNS - 1:
        ready = {flow for one in incident.queue if not set(one.flows) & set(held) for flow in one.flows}
        return _try(incident, Part(flows=tuple(sorted(ready))))
    is_last = incident.queue == (part,)
    return Step(takes=part, is_trial=False, is_last=is_last)


def _try(incident: Incident, flows: Part) -> Step:
    after = _judge(incident, flows, None)
    is_last = not (after.queue or after.suspect or after.trials)
    return Step(takes=flows, is_trial=True, is_last=is_last)


def note_start(incident: Incident, step: Step) -> Incident:
    return replace(incident, runs=incident.runs + step.counts)


def pass_part(incident: Incident, part: Part) -> Incident:
    """The part is published."""
    return replace(incident, queue=_without(incident.queue, part))


def pass_trial(incident: Incident, flows: Part, members: Members) -> Incident:
    """The SQL works without the unsettled files: the suspect is to blame, or what is left after the last run."""
    return _judge(incident, flows, members)


def _judge(incident: Incident, flows: Part, members: Members | None) -> Incident:
    """What follows once a trial of the flows has passed; without members a suspect that is to be cut stays as it is."""
    after = replace(incident, trials=incident.trials[1:], is_sound=True)
    tried = set(flows.flows)
    if incident.runs >= MOST_RUNS - 1:
        given_up = [*([incident.suspect] if incident.suspect else []), *incident.queue]
        going = tuple(part for part in given_up if set(part.flows) <= tried)
        staying = tuple(part for part in given_up if part not in going)
        return replace(after, leaving=going, queue=staying, suspect=None)
    suspect = incident.suspect
    if suspect is None or not set(suspect.flows) <= tried:
        return after
    if suspect.failed_before:
        return replace(after, leaving=(suspect,), suspect=None)
    if suspect.files <= 1:
        # What was broken for everyone may have been repaired between its run and the trial: it has to fail of itself again.
        again = replace(suspect, failed_before=True)
        return replace(after, queue=(again, *after.queue), suspect=None)
    if members is None:
        return after
    return replace(after, queue=(*cut(suspect, members), *after.queue), suspect=None)


def fail_part(incident: Incident, part: Part, ran: Part, failure: Failure, members: Members) -> Incident:
    """The files that an audit names leave; else the part is cut if a trial has passed before, and suspected if not.

    `ran` are all flows of the run: it took others' unsettled files out as well.
    """
    noted = replace(incident, action=failure.action, message=failure.message)
    queue = _without(incident.queue, part)
    named = pick(failure.objects, part, members)
    if named:
        left = part.files - len(named)
        rest = (replace(part, files=left),) if left else ()
        return close_gap(replace(noted, queue=(*rest, *queue), leaving=named), ran)
    if incident.is_sound and part.files > 1:
        return close_gap(replace(noted, queue=(*cut(part, members), *queue)), ran)
    return replace(noted, queue=queue, suspect=part, trials=(*incident.trials, ran))


def close_gap(incident: Incident, flows: Part) -> Incident:
    """Without any part left it still takes a run that publishes what is left of the batch, and says so."""
    if incident.queue or incident.suspect or incident.trials:
        return incident
    return replace(incident, trials=(Part(flows=flows.flows),))


def fail_trial(incident: Incident, flows: Part, failure: Failure, members: Members) -> tuple[Incident, tuple[str, ...]]:
    """The incident after it, and the flows to be held. Of several flows each is tried by itself, while there are runs for that, and
    the suspect's parts wait."""
    noted = replace(incident, action=failure.action, message=failure.message, trials=incident.trials[1:])
    if len(flows.flows) > 1 and incident.runs + len(flows.flows) <= MOST_RUNS:
        alone = tuple(Part(flows=(flow,)) for flow in flows.flows)
        apart = replace(noted, trials=(*alone, *noted.trials))
        suspect = noted.suspect
        if suspect is None or len(suspect.flows) == 1:
            return apart, ()
        return replace(apart, queue=(*cut(suspect, members), *apart.queue), suspect=None), ()
    return give_back(noted, flows.flows), flows.flows


def give_back(incident: Incident, flows: Collection[str]) -> Incident:
    """Nothing is decided of a suspect of a flow that is held: it runs again when the flow does."""
    suspect = incident.suspect
    if suspect is None or not set(suspect.flows) & set(flows):
        return incident
    return replace(incident, queue=(suspect, *incident.queue), suspect=None)


def is_unsettled(incident: Incident, flow: str | None, id: str) -> bool:
    """Whether the file is of a part that is neither published nor parked yet. No run begins while files are leaving."""
    parts = [*incident.queue, *([incident.suspect] if incident.suspect else [])]
    return any(part.holds(flow, id) for part in parts)


def is_over(incident: Incident) -> bool:
    return not (incident.queue or incident.suspect or incident.trials)


def _without(queue: tuple[Part, ...], part: Part) -> tuple[Part, ...]:
    return tuple(one for one in queue if one != part)
