"""What one write makes of one document: preconditions, masks, transforms. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from laptop.firestore import field_paths
from laptop.firestore.errors import Code, refuse_argument
from laptop.firestore.field_paths import NAME
from laptop.firestore.messages import Document, Pb, WriteResult, micros, timestamp
from laptop.firestore.paths import DocumentKey, parse_document
from laptop.firestore.transforms import apply_transforms
from laptop.rpc import RpcError

_MAX_DOCUMENT_BYTES = 1024 * 1024 + 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A document after a write: `data` None is deleted, `updated` in microseconds."""

    data: bytes | None
    updated: int
    result: Pb


def key_written(write: Pb) -> DocumentKey:
    """The document a write is about. Raises INVALID_ARGUMENT where there is none."""
    kind = write.WhichOneof("operation")
    if kind == "update":
        return parse_document(write.update.name)
    if kind == "delete":
        return parse_document(write.delete)
    if kind == "transform":
        return parse_document(write.transform.document)
    raise refuse_argument("a write has no operation")


def apply_write(write: Pb, current: tuple[bytes, int] | None, time: int) -> Written:
    """The document after `write` at `time`; `current` is its data and update time. Raises what the cloud answers."""
    _check_precondition(write, current)
    if write.WhichOneof("operation") == "delete":
        return Written(data=None, updated=time, result=WriteResult())
    old = None if current is None else Document.FromString(current[0])
    new, results = _build(write, old, time)
    if old is not None and current is not None and _same_fields(old, new):
        result = WriteResult(update_time=old.update_time, transform_results=results)
        return Written(data=current[0], updated=current[1], result=result)
    return _stamp(new, old, time, results)


def _stamp(new: Pb, old: Pb | None, time: int, results: list[Pb]) -> Written:
    moment = timestamp(time)
    new.update_time.CopyFrom(moment)
    new.create_time.CopyFrom(moment if old is None else old.create_time)
    data = new.SerializeToString()
    if len(data) > _MAX_DOCUMENT_BYTES:
        raise refuse_argument(f"document {new.name} is larger than the allowed 1,048,576 bytes")
    return Written(data=data, updated=time, result=WriteResult(update_time=moment, transform_results=results))


def _same_fields(old: Pb, new: Pb) -> bool:
    return bool(Document(fields=old.fields) == Document(fields=new.fields))


def _build(write: Pb, old: Pb | None, time: int) -> tuple[Pb, list[Pb]]:
    """The new document without its times, and the results of its transforms."""
    if write.WhichOneof("operation") == "transform":
        new = Document(name=write.transform.document, fields=old.fields if old else None)
        return new, apply_transforms(new.fields, write.transform.field_transforms, time)
    new = _merged(write, old) if write.HasField("update_mask") else Document(name=write.update.name)
    if not write.HasField("update_mask"):
        new.MergeFrom(write.update)
    if "" in new.fields:
        raise refuse_argument(f"document {new.name} has a field without a name")
    return new, apply_transforms(new.fields, write.update_transforms, time)


def _merged(write: Pb, old: Pb | None) -> Pb:
    """Fields in the mask come from the write, or go if the write lacks them; all others stay."""
    new = Document(name=write.update.name, fields=old.fields if old else None)
    for text in write.update_mask.field_paths:
        path = field_paths.parse(text)
        if path == NAME:
            raise refuse_argument("__name__ cannot be written")
        value = field_paths.read(write.update.fields, path)
        if value is None:
            field_paths.erase(new.fields, path)
        else:
            field_paths.write(new.fields, path, value)
    return new


def _check_precondition(write: Pb, current: tuple[bytes, int] | None) -> None:
    wanted = write.current_document
    kind = wanted.WhichOneof("condition_type")
    name = key_written(write).name
    if kind == "exists" and wanted.exists and current is None:
        raise RpcError(Code.NOT_FOUND, f"No document to update: {name}")
    if kind == "exists" and not wanted.exists and current is not None:
        raise RpcError(Code.ALREADY_EXISTS, f"Document already exists: {name}")
    if kind == "update_time" and (current is None or current[1] != micros(wanted.update_time)):
        stored = "none" if current is None else current[1]
        base = micros(wanted.update_time)
        message = f"the stored version ({stored}) does not match the required base version ({base}): {name}"
        raise RpcError(Code.FAILED_PRECONDITION, message)
