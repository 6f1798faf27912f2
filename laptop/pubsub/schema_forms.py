"""Whether a definition is a schema, and whether bytes are a message of it: Avro by fastavro, Protocol Buffers by protoc."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import fastavro
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import DecodeError, Message
from google.pubsub_v1.types import Encoding, Schema

Check = Callable[[bytes, int], None]
"""`(data, encoding)`; raises SchemaError when the data is no message of the schema."""


class SchemaError(ValueError):
    """A definition that is none, or a message that does not fit."""


@lru_cache(maxsize=256)
def compile_schema(kind: int, definition: str) -> Check:
    """The check of a definition. Raises SchemaError that says what is wrong with it."""
    if kind == Schema.Type.AVRO:
        return _compile_avro(definition)
    if kind == Schema.Type.PROTOCOL_BUFFER:
        return _compile_proto(definition)
    raise SchemaError("a schema's type is AVRO or PROTOCOL_BUFFER")


def _compile_avro(definition: str) -> Check:
    try:
        described = json.loads(definition)
        _require_fields(described)
        schema: Any = fastavro.parse_schema(described)
    except Exception as error:
        raise SchemaError(f"AVRO schema definition is not valid: {error!r}") from error

    def check(data: bytes, encoding: int) -> None:
        try:
            record = _read_avro_json(data, schema) if encoding == Encoding.JSON else _read_avro_binary(data, schema)
            fastavro.validate(record, schema, strict=True)
        except Exception as error:
            raise SchemaError(f"not an Avro message of the schema: {error!r:.300}") from error

    return check


def _require_fields(described: Any) -> None:
    """fastavro takes a record without `fields`; Avro does not."""
    if isinstance(described, list):
        for one in described:
            _require_fields(one)
    if isinstance(described, dict):
        if described.get("type") == "record" and not isinstance(described.get("fields"), list):
            raise SchemaError(f"record {described.get('name')} has no fields")
        for one in described.values():
            _require_fields(one)


def _read_avro_json(data: bytes, schema: Any) -> Any:
    text = json.dumps(json.loads(data))
    return next(iter(fastavro.json_reader(io.StringIO(text), schema)))


def _read_avro_binary(data: bytes, schema: Any) -> Any:
    stream = io.BytesIO(data)
    record = fastavro.schemaless_reader(stream, schema, None)
    if stream.tell() != len(data):
        raise SchemaError(f"{len(data) - stream.tell()} bytes are left over")
    return record


def _compile_proto(definition: str) -> Check:
    described = _describe_proto(definition)
    if len(described.message_type) != 1:
        raise SchemaError("a Protocol Buffer schema defines exactly one message type at its top level")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(described)
    file = pool.FindFileByName(described.name)
    kind = message_factory.GetMessageClass(file.message_types_by_name[described.message_type[0].name])

    def check(data: bytes, encoding: int) -> None:
        try:
            _parse_proto(data, kind(), encoding)
        except (json_format.ParseError, DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SchemaError(f"not a Protocol Buffer message of the schema: {error!s:.300}") from error

    return check


def _parse_proto(data: bytes, message: Message, encoding: int) -> None:
    if encoding == Encoding.JSON:
        text = data.decode()
        json_format.Parse(text, message)
        if not text.lstrip().startswith("{"):
            raise DecodeError("a message in JSON is an object")
        return
    message.ParseFromString(data)
    if not message.IsInitialized():
        raise DecodeError("required fields are missing")


def _describe_proto(definition: str) -> descriptor_pb2.FileDescriptorProto:
    """The definition as protoc understands it; imports are not allowed, as in the cloud."""
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "schema.proto"), Path(folder, "schema.pb")
        source.write_text(definition)
        if protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={target}", str(source)]) != 0:
            raise SchemaError("Protocol Buffer schema definition is not valid; the laptop's log says where")
        return descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes()).file[0]
