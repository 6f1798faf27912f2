"""The packages of a project's lock, provided once for all compilations."""

from __future__ import annotations

import asyncio
from pathlib import Path

from laptop.dataform.modules import provide_modules
from laptop.tests.conftest import NODE_MODULES
from laptop.tests.dataform.conftest import PROJECT

FILES = {name: (PROJECT / name).read_bytes() for name in ("package.json", "package-lock.json")}


def test_first_compilations_at_once_share_one_whole_copy(tmp_path: Path) -> None:
    async def provide() -> list[Path]:
        return await asyncio.gather(*(provide_modules(FILES, tmp_path / "modules", NODE_MODULES) for _ in range(3)))

    folders = asyncio.run(provide())
    assert len(set(folders)) == 1
    assert [path.name for path in (tmp_path / "modules").iterdir()] == [folders[0].parent.name]
    assert (folders[0] / "@dataform" / "core" / "package.json").is_file()
