"""Who receives what: the subscriptions of the deployment, from the table of routes."""

from __future__ import annotations

from dataclasses import dataclass

from ripple.deployment.routes import STAGES, CommandTrigger, FactTrigger, FinalizeTrigger, subscription_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Of a stage, by what its filter lets through: `fact`, `command` or `finalize`, and which. Eventarc's own have no name here."""

    stage: str
    kind: str
    of: str
    ack_seconds: float
    name: str = ""


def subscriptions() -> list[Subscription]:
    """From the table of routes, as the deployment makes them."""
    found = []
    for stage in STAGES.values():
        for trigger in stage.triggers:
            kinds = {FactTrigger: "fact", CommandTrigger: "command", FinalizeTrigger: "finalize"}
            kind = kinds[type(trigger)]
            of = trigger.type if isinstance(trigger, FactTrigger) else ""
            of = of or (trigger.bucket if isinstance(trigger, FinalizeTrigger) else f"{trigger.topic}/{trigger.kind}")  # type: ignore[union-attr]
            seconds = min(600.0, stage.timeout_seconds)
            name = "" if isinstance(trigger, FinalizeTrigger) else subscription_name(stage.name, trigger)
            found.append(Subscription(stage=stage.name, kind=kind, of=of, ack_seconds=seconds, name=name))
    return found
