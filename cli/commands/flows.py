"""The flows of this checkout: flow new, check, list, show, diff, remove."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.command_line import Json, answer, app, console, fail, printable_lines, refusals
from cli.laptop_control import ROOT
from ripple.errors import PermanentError
from ripple.flows import FlowFolder
from ripple.flows.reading import read_flow

group = typer.Typer(invoke_without_command=True)
app.add_typer(group, name="flow")
Checkout = Annotated[Path, typer.Option("--checkout", help="The root of the checkout.")]
Name = Annotated[str, typer.Argument(help="The flow's name.")]


@group.callback()
def flows(context: typer.Context, checkout: Checkout = ROOT, as_json: Json = False) -> None:
    """The flows of this checkout, one file each in flows/: docs/flows.md lists every word of one."""
    if context.invoked_subcommand is None:
        list_all(checkout, as_json)


@group.command()
def new(
    name: Name,
    sample: Annotated[
        list[Path],
        typer.Option("--from", exists=True, dir_okay=False, help="A file as they will come; several may be."),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the file, and write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file that is there.")] = False,
    checkout: Checkout = ROOT,
    as_json: Json = False,
) -> None:
    """Write flows/NAME.yaml from samples: types, key, time, what may be personal, each with its reason."""
    from cli.flows.deriving import write_derived
    from cli.flows.inferring import infer_flow
    from cli.flows.sampling import read_sample

    path = checkout / "flows" / f"{name}.yaml"
    if path.exists() and not (force or dry_run):
        raise fail(f"{path} exists; --force replaces it", 2)
    taken = {flow.silver for flow in FlowFolder(checkout / "flows").read_all() if flow.name != name}
    with refusals(code=2), console.status("reading the samples"):
        samples = [read_sample(one) for one in sample]
        try:
            text = infer_flow(name, samples, dt.datetime.now(dt.UTC).date(), taken)
            read_flow(text, name)
        except ValueError as error:
            raise fail(str(error), 2) from error
    if not dry_run:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        write_derived(checkout)
    following = f"{path}\nread it; then: ripple flow check {name} {sample[0]}; ripple up; ripple drop {sample[0]} --flow {name} --dt DAY"
    answer({"file": str(path), "text": text, "written": not dry_run}, as_json, text if dry_run else following)


@group.command()
def check(
    name: Annotated[str, typer.Argument(help="Only this flow.")] = "",
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="What would become of this file?")
    ] = None,
    checkout: Checkout = ROOT,
    as_json: Json = False,
) -> None:
    """Whether the files of flows are valid; with FILE, which of its rows would be accepted, and why not. Nothing is written."""
    folder = FlowFolder(checkout / "flows")
    if not name:
        faults = folder.check()
        answer(
            {"flows": list(folder.names()), "faults": faults},
            as_json,
            "\n".join(faults) or f"{', '.join(folder.names())}: valid",
        )
        raise typer.Exit(1 if faults else 0)
    with refusals():
        flow, contract = folder.find(name), folder.contract(name)
        if file is None:
            answer({"flow": name, "faults": []}, as_json, f"flows/{name}.yaml is valid")
            return
        from cli.flows.checking import check_file, describe_check

        with console.status(f"reading {file}"):
            found = check_file(file, contract)
    rules = ", ".join(flow.contract.get("rules", {}))
    said = describe_check(found) + (f"\nThe rules {rules} are SQL: a run holds rows to them." if rules else "")
    answer(found, as_json, printable_lines(said))


@group.command(name="list")
def list_all(checkout: Checkout = ROOT, as_json: Json = False) -> None:
    """Every flow: its table, format, key, change and day."""
    from cli.flows.listing import list_declared

    found = list_declared(FlowFolder(checkout / "flows"))
    if as_json:
        answer({"flows": found}, True)
        return
    table = Table("flow", "table", "format", "key", "change", "day", "fields")
    for one in found:
        words = [one["flow"], one["error"]] if "error" in one else one.values()
        table.add_row(*map(str, words))
    Console().print(table)


@group.command()
def show(name: Name, checkout: Checkout = ROOT, as_json: Json = False) -> None:
    """What is made of a flow's file: tables, columns with their types, key, rules."""
    from cli.flows.listing import describe_flow

    with refusals():
        found = describe_flow(FlowFolder(checkout / "flows").find(name))
    answer(found, as_json, "\n".join(_describe(found)))


def _describe(found: dict[str, Any]) -> list[str]:
    lines = []
    for name, value in found.items():
        if isinstance(value, dict):
            lines += [f"{name}:", *(f"  {key}: {held}" for key, held in value.items())]
        else:
            lines.append(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
    return lines


@group.command()
def diff(
    name: Name,
    against: Annotated[
        Path | None, typer.Option("--with", exists=True, dir_okay=False, help="The older file; else the last commit's.")
    ] = None,
    checkout: Checkout = ROOT,
    as_json: Json = False,
) -> None:
    """What a change of a flow's file does to rows that are there and that come. Exits 1 if they would want a rebuild."""
    from cli.flows.listing import compare_flows

    with refusals():
        flow = FlowFolder(checkout / "flows").find(name)
        try:
            old = read_flow(against.read_text() if against else _read_committed(name, checkout), name)
        except ValueError as error:
            raise fail(f"the older file: {error}") from error
    found = compare_flows(old, flow)
    words = [f"{'compatible' if is_compatible else 'INCOMPATIBLE'}: {sentence}" for sentence, is_compatible in found]
    differences = [{"difference": sentence, "compatible": is_compatible} for sentence, is_compatible in found]
    answer({"flow": name, "differences": differences}, as_json, "\n".join(words) or "no difference to rows")
    raise typer.Exit(0 if all(is_compatible for _, is_compatible in found) else 1)


def _read_committed(name: str, checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "show", f"HEAD:flows/{name}.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise fail(f"no older file: {done.stderr.strip()[:200]}; name one with --with FILE", 2)
    return done.stdout


@group.command()
def remove(
    name: Name,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without the option it is only said what would be done.")
    ] = False,
    checkout: Checkout = ROOT,
    as_json: Json = False,
) -> None:
    """Take a flow out: its file goes, its tables and files stay. Refused while SQL reads its tables."""
    from cli.flows.deriving import write_derived
    from cli.flows.listing import find_readers

    with refusals():
        flow = FlowFolder(checkout / "flows").find(name)
        readers = find_readers(name, flow, checkout / "dataform")
        if readers:
            said = f"{', '.join(readers)} read the tables of {name}"
            raise PermanentError("flow_is_read", said, "change or delete these first")
    path = checkout / "flows" / f"{name}.yaml"
    if yes:
        path.unlink()
        write_derived(checkout)
    done = f"{path} is deleted" if yes else f"{path} would be deleted (--yes does it)"
    stays = f"These stay until someone drops them: {', '.join(flow.tables)}. Its files in Bronze stay; new ones are refused."
    answer({"flow": name, "file": str(path), "removed": yes, "tables": list(flow.tables)}, as_json, f"{done}\n{stays}")
