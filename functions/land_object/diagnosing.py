"""Say why most lines of an object are bad: the commonest code with its first example, and what the object likely is instead. Pure."""

from __future__ import annotations

from collections import Counter

import orjson

from ripple.rows.contracts.lines import BadLine

HEAD_BYTES = 4096
_UTF_16 = "it is UTF-16: write it as UTF-8"
_MAGIC = {
    b"\x1f\x8b": "it is gzip: name it .jsonl.gz, or give it the Content-Encoding gzip",
    b"\x28\xb5\x2f\xfd": "it is zstd, which is not read: compress it with gzip",
    b"PK\x03\x04": "it is a zip archive, which is not read: drop the files in it, with gzip if need be",
    b"PAR1": "it is Parquet, and no JSON lines",
    b"Obj\x01": "it is Avro, and no JSON lines",
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
}
_OPENINGS = {
    b"[": "it is a JSON array and no JSON lines: write one object a line",
    b"<": "it is XML or HTML, and no JSON lines",
}


class Findings:
    """How often each code was met and where first; how the object begins."""

    def __init__(self) -> None:
        self.head = b""
        self._times: Counter[str] = Counter()
        self._first: dict[str, BadLine] = {}

    def note_head(self, content: bytes) -> None:
        """The first line that is not blank; later ones change nothing."""
        self.head = self.head or content[:HEAD_BYTES]

    def add(self, bad: BadLine) -> None:
        self._times[bad.violation.code] += 1
        self._first.setdefault(bad.violation.code, bad)

    def describe(self) -> str:
        """The commonest code, its first example, and the likely cause where one shows; empty of no bad line."""
        if not self._times:
            return ""
        code, times = self._times.most_common(1)[0]
        first = self._first[code]
        wrong = first.violation
        # A reason goes into facts and the ledger, where no raw personal data may be: the row itself is in quarantine.
        field = "" if not wrong.field or wrong.reason.startswith(wrong.field) else f"{wrong.field}: "
        cause = guess_cause(self.head)
        example = f"; most often {code} ({times}), first in line {first.line}: {field}{wrong.reason}"
        return example + (f"; likely cause: {cause}" if cause else "")


def guess_cause(head: bytes) -> str:
    """What an object is that begins so and is no JSON lines; empty if nothing shows."""
    text = head.strip()
    named = next((cause for magic, cause in _MAGIC.items() if head.startswith(magic)), "")
    if named or _is_every_other_byte_null(head):
        return named or _UTF_16
    if _has_lone_returns(text):
        return "its lines end in CR alone: end each in LF"
    if text.startswith(b"{") and text.endswith((b"{", b"[", b",")):
        return "it is pretty-printed JSON and no JSON lines: write each row on one line"
    return _OPENINGS.get(text[:1]) or _guess_table(text)


def _is_every_other_byte_null(head: bytes) -> bool:
    return len(head) >= 4 and (not any(head[0:64:2]) or not any(head[1:64:2]))


def _has_lone_returns(text: bytes) -> bool:
    """Whether a part up to a carriage return is a row by itself, and another follows."""
    first, mark, rest = text.partition(b"\r")
    if not mark or not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(first), dict)
    except orjson.JSONDecodeError:
        return False


def _guess_table(text: bytes) -> str:
    if text[:1] in b'{"' or not text:
        return ""
    separators = {b",": "CSV", b"\t": "tab-separated", b";": "CSV with semicolons"}
    return next((f"it is {name}, and no JSON lines" for sign, name in separators.items() if sign in text), "")
