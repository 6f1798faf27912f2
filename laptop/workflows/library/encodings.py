"""`json.*`, `base64.*`, `hash.*`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from laptop.workflows.errors import tagged
from laptop.workflows.operators import type_name

_ALGORITHMS = frozenset({"MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512"})
_LINE_ENDS = str.maketrans("", "", "\r\n")


def json_decode(data: Any) -> Any:
    if not isinstance(data, str | bytes):
        raise tagged("TypeError", f"json.decode needs bytes or a string, got {type_name(data)}")
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except ValueError as error:
        raise tagged("ValueError", f"json.decode: {error}") from error


def json_encode_to_string(data: Any, indent: Any = None) -> str:
    """JSON text; `indent` is a map with `prefix` and `indent`, or a boolean."""
    given = indent if isinstance(indent, dict) else {}
    step = given.get("indent", "  ") if indent else None
    try:
        text = json.dumps(
            data, ensure_ascii=False, allow_nan=False, indent=step, separators=None if step else (",", ":")
        )
    except (TypeError, ValueError) as error:
        raise tagged(type(error).__name__, f"json.encode: {error}") from error
    return text.replace("\n", "\n" + given.get("prefix", ""))


def json_encode(data: Any, indent: Any = None) -> bytes:
    return json_encode_to_string(data, indent).encode()


def base64_decode(data: Any, padding: Any = True) -> bytes:
    if not isinstance(data, str):
        raise tagged("TypeError", f"base64.decode needs a string, got {type_name(data)}")
    text = data.translate(_LINE_ENDS)
    try:
        return base64.b64decode(text + ("" if padding else "=" * (-len(text) % 4)), validate=True)
    except (binascii.Error, ValueError) as error:
        raise tagged("ValueError", f"base64.decode: {error}") from error


def base64_encode(data: Any, padding: Any = True) -> str:
    text = base64.b64encode(_bytes("base64.encode", data)).decode()
    return text if padding else text.rstrip("=")


def compute_checksum(data: Any, algorithm: Any) -> bytes:
    return hashlib.new(_algorithm(algorithm), _bytes("hash.compute_checksum", data)).digest()


def compute_hmac(key: Any, data: Any, algorithm: Any) -> bytes:
    return hmac.digest(_bytes("hash.compute_hmac", key), _bytes("hash.compute_hmac", data), _algorithm(algorithm))


def _bytes(function: str, value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise tagged("TypeError", f"{function} needs bytes, got {type_name(value)}")
    return value


def _algorithm(name: Any) -> str:
    if not isinstance(name, str):
        raise tagged("TypeError", f"a hash algorithm is a string, got {type_name(name)}")
    if name not in _ALGORITHMS:
        raise tagged("ValueError", f"unsupported hash algorithm: {name!r}")
    return name.lower()


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "json.decode": json_decode,
    "json.encode": json_encode,
    "json.encode_to_string": json_encode_to_string,
    "base64.decode": base64_decode,
    "base64.encode": base64_encode,
    "hash.compute_checksum": compute_checksum,
    "hash.compute_hmac": compute_hmac,
}
