"""What this server does not do, refused by name: an option that is silently ignored is a wrong answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from laptop.http import ApiError

_PARAMETERS = {
    "predefinedAcl": "access control lists",
    "predefinedDefaultObjectAcl": "access control lists",
    "destinationPredefinedAcl": "access control lists",
    "kmsKeyName": "customer-managed encryption keys",
    "destinationKmsKeyName": "customer-managed encryption keys",
    "userProject": "requester pays",
    "softDeleted": "soft delete",
    "restoreToken": "soft delete",
    "enableObjectRetention": "object retention",
    "overrideUnlockedRetention": "object retention",
    "X-Goog-Signature": "signed URLs",
    "Signature": "signed URLs",
}
_HEADERS = {
    "x-goog-encryption-algorithm": "customer-supplied encryption keys",
    "x-goog-copy-source-encryption-algorithm": "customer-supplied encryption keys",
    "x-goog-encryption-kms-key-name": "customer-managed encryption keys",
    "x-goog-acl": "access control lists",
    "x-goog-user-project": "requester pays",
}
_FIELDS = {
    "acl": "access control lists",
    "defaultObjectAcl": "access control lists",
    "encryption": "customer-managed encryption keys",
    "kmsKeyName": "customer-managed encryption keys",
    "customerEncryption": "customer-supplied encryption keys",
    "retention": "object retention",
    "retentionPolicy": "retention policies",
    "objectRetention": "object retention",
    "defaultEventBasedHold": "default holds",
    "billing": "requester pays",
    "logging": "access logs",
    "website": "static websites",
    "cors": "CORS",
    "autoclass": "Autoclass",
    "hierarchicalNamespace": "hierarchical namespaces",
    "ipFilter": "IP filters",
    "contexts": "object contexts",
}


def refuse_unserved(query: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """501 for a query parameter or header that asks for something this server lacks."""
    asked = [what for name, what in _PARAMETERS.items() if query.get(name, "").lower() not in ("", "false")]
    asked += [what for name, what in _HEADERS.items() if name in headers]
    if asked:
        raise ApiError(501, f"the laptop's Cloud Storage has no {asked[0]}", reason="notImplemented")


def refuse_unserved_fields(fields: Mapping[str, object]) -> None:
    """501 for a field of a bucket or an object that would have to change what happens; empty values ask for nothing."""
    asked = [what for name, what in _FIELDS.items() if _asks(fields.get(name))]
    if asked:
        raise ApiError(501, f"the laptop's Cloud Storage has no {asked[0]}", reason="notImplemented")


def _asks(value: object) -> bool:
    return any(map(_asks, value.values())) if isinstance(value, dict) else bool(value)
