"""Take away what the routes no longer have: subscriptions, triggers and functions of an earlier version."""

from __future__ import annotations

from cli.provisioning.clients import AdminClients
from ripple.deployment.routes import (
    STAGES,
    CommandTrigger,
    FactTrigger,
    FinalizeTrigger,
    service_name,
    subscription_name,
)

Names = list[str]


def prune(clients: AdminClients) -> Names:
    """Delete what is not in the routes; what was deleted. Subscriptions first, so that nobody calls a function that is gone."""
    listed = clients.subscriber.list_subscriptions(request={"project": f"projects/{clients.project}"})
    gone = find_stray([found.name for found in listed], wanted_subscriptions())
    for name in gone:
        clients.subscriber.delete_subscription(request={"subscription": name})
    triggers = find_stray([found.name for found in clients.eventarc.list_triggers(parent=clients.parent)], _triggers())
    for name in triggers:
        clients.eventarc.delete_trigger(name=name)
    services = [found.name for found in clients.services.list_services(parent=clients.parent)]
    strays = [name for name in services if _short(name) not in {*STAGES, *map(service_name, STAGES)}]
    for name in strays:
        clients.services.delete_service(name=name).result()  # type: ignore[no-untyped-call]
    return [*gone, *triggers, *strays]


def find_stray(names: Names, wanted: set[str]) -> Names:
    """Of the names that routes make, `stage--trigger`, those that no route makes any more. What Eventarc made is its own. Pure."""
    shorts = {name: _short(name) for name in names}
    ours = [name for name, short in shorts.items() if "--" in short and not short.startswith("eventarc-")]
    return [name for name in ours if shorts[name] not in wanted]


def wanted_subscriptions() -> set[str]:
    return {
        subscription_name(stage.name, trigger)
        for stage in STAGES.values()
        for trigger in stage.triggers
        if isinstance(trigger, FactTrigger | CommandTrigger)
    }


def _triggers() -> set[str]:
    return {
        f"{service_name(stage.name)}--{trigger.bucket}"
        for stage in STAGES.values()
        for trigger in stage.triggers
        if isinstance(trigger, FinalizeTrigger)
    }


def _short(name: str) -> str:
    return name.rsplit("/", 1)[1]
