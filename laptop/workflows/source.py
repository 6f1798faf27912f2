"""Read a workflow's source: YAML or JSON text, with strict keys, into `{name: {params, steps}}`."""

from __future__ import annotations

from typing import Any

import yaml

from laptop.workflows.errors import SourceError
from laptop.workflows.validation import find_faults

SOURCE_BYTES = 128 * 1024


class _StrictLoader(yaml.SafeLoader):
    """YAML without timestamps (Workflows has no such type) and without repeated keys."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to configure a loader
        first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        repeated = {key for key in keys if keys.count(key) > 1}
        if repeated:
            raise SourceError([f"line {node.start_mark.line + 1}: repeated keys {sorted(repeated)}"])
        return super().construct_mapping(node, deep=deep)


def read_source(text: str) -> dict[str, Any]:
    """The workflows of `text`, `main` among them. Raises SourceError with every finding."""
    if len(text.encode()) > SOURCE_BYTES:
        raise SourceError([f"source is over {SOURCE_BYTES} bytes"])
    try:
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        raise SourceError([f"not YAML: {error}"]) from error
    source = {"main": {"steps": document}} if isinstance(document, list) else document
    faults = find_faults(source)
    if faults:
        raise SourceError(faults)
    return dict(source)
