"""The flows of a checkout, or of a function's bundle: one file each in `flows/`. A file that declares none harms no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ripple.errors import PermanentError
from ripple.flows.declaration import Flow
from ripple.flows.faults import FlowInvalidError
from ripple.flows.reading import NAME, RESERVED_FLOWS, read_flow
from ripple.rows.contracts import Contract, read_contract

ROOT = Path(__file__).resolve().parents[2] / "flows"
_Stamp = tuple[int, int]


class FlowFolder:
    """What a folder declares now: a file is read again once it has changed, so that a laptop that runs knows a new flow at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._names: tuple[int, tuple[str, ...]] | None = None
        self._flows: dict[str, tuple[_Stamp, Flow]] = {}
        self._contracts: dict[str, tuple[_Stamp, Contract]] = {}

    def names(self) -> tuple[str, ...]:
        """All that have a file, by name, also one that declares nothing."""
        try:
            stamp = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return ()
        if self._names is None or self._names[0] != stamp:
            self._names = (stamp, tuple(sorted(path.stem for path in self.path.glob("*.yaml") if _is_name(path.stem))))
        return self._names[1]

    def has(self, name: str) -> bool:
        return _is_name(name) and self._file(name).is_file()

    def find(self, name: str) -> Flow:
        """PermanentError if there is no such flow, or its file declares none."""
        stamp = self._stamp(name)
        known = self._flows.get(name)
        if known is None or known[0] != stamp:
            known = self._flows[name] = (stamp, self._read(name))
        return known[1]

    def contract(self, name: str) -> Contract:
        """What a row of the flow must look like, compiled; as `find`."""
        flow, stamp = self.find(name), self._flows[name][0]
        known = self._contracts.get(name)
        if known is None or known[0] != stamp:
            known = self._contracts[name] = (stamp, read_contract(flow.contract, f"flows/{name}.yaml"))
        return known[1]

    def read_all(self) -> Iterator[Flow]:
        """Those whose files declare one."""
        for name in self.names():
            try:
                yield self.find(name)
            except PermanentError as error:
                if error.code != "flow_invalid":
                    raise

    def check(self) -> list[str]:
        """What is wrong with files of the folder, of each all at once."""
        faults: list[str] = []
        tables: dict[str, str] = {}
        for name in self.names():
            try:
                silver = self.find(name).silver
            except PermanentError as error:
                faults.append(error.reason)
                continue
            if (other := tables.setdefault(silver, name)) != name:
                faults.append(f"flows/{name}.yaml: silver.{silver} is the table of flows/{other}.yaml too")
        return faults

    def _stamp(self, name: str) -> _Stamp:
        if not self.has(name):
            known = ", ".join(self.names()) or "none"
            raise PermanentError(
                "flow_unknown", f"no flow {name!r:.200}; known: {known}", f"write flows/{name:.64}.yaml"
            )
        found = self._file(name).stat()
        return found.st_mtime_ns, found.st_size

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.yaml"

    def _read(self, name: str) -> Flow:
        try:
            return read_flow(self._file(name).read_text(encoding="utf-8"), name)
        except FlowInvalidError as error:
            raise PermanentError("flow_invalid", str(error), "correct it") from error
        except UnicodeDecodeError as error:
            raise PermanentError(
                "flow_invalid", f"flows/{name}.yaml is no UTF-8: {error}", "save it as UTF-8"
            ) from error


def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None and name not in RESERVED_FLOWS
