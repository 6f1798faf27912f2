"""google.firestore.admin.v1.FirestoreAdmin, as far as a database says there how its transactions exclude each other."""

from __future__ import annotations

from google.cloud.firestore_admin_v1 import types as t
from google.longrunning.operations_pb2 import Operation

from laptop.firestore.database import Database
from laptop.firestore.errors import Code, refuse_argument, refuse_unserved
from laptop.firestore.messages import OPTIMISTIC, PESSIMISTIC, Pb
from laptop.firestore.paths import check_database
from laptop.firestore.rpc import unary
from laptop.rpc import Methods, RpcError

_Resource: Pb = t.Database.pb()


class AdminRpc:
    """Handlers over database resources. A database needs no creation: one that nobody created is pessimistic."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_database(self, request: Pb) -> Pb:
        return self._describe(check_database(request.name))

    async def create_database(self, request: Pb) -> Pb:
        """Where it is and what it keeps make no difference here."""
        name = check_database(f"{request.parent}/databases/{request.database_id}")
        if self._database.has_mode(name):
            raise RpcError(Code.ALREADY_EXISTS, f"Database already exists: {name}")
        await self._database.set_mode(name, _read_mode(request.database))
        return self._finish(name)

    async def update_database(self, request: Pb) -> Pb:
        if list(request.update_mask.paths) != ["concurrency_mode"]:
            raise refuse_unserved("UpdateDatabase of anything but concurrency_mode")
        name = check_database(request.database.name)
        await self._database.set_mode(name, _read_mode(request.database))
        return self._finish(name)

    def _describe(self, name: str) -> Pb:
        return _Resource(
            name=name,
            type_=t.Database.DatabaseType.FIRESTORE_NATIVE,
            database_edition=t.Database.DatabaseEdition.STANDARD,
            concurrency_mode=self._database.mode(name),
        )

    def _finish(self, name: str) -> Pb:
        """An operation that is done when its client first sees it."""
        operation = Operation(name=f"{name}/operations/done", done=True)
        operation.response.Pack(self._describe(name))
        return operation


def admin_methods(database: Database) -> Methods:
    """The methods that are served, each by its name."""
    rpc = AdminRpc(database)
    return {
        "GetDatabase": unary(rpc.get_database, t.GetDatabaseRequest),
        "CreateDatabase": unary(rpc.create_database, t.CreateDatabaseRequest),
        "UpdateDatabase": unary(rpc.update_database, t.UpdateDatabaseRequest),
    }


def _read_mode(resource: Pb) -> int:
    """PESSIMISTIC where nothing is said: the default of the standard edition."""
    mode = int(resource.concurrency_mode) or PESSIMISTIC
    if mode not in (OPTIMISTIC, PESSIMISTIC):
        raise refuse_argument("a database in native mode is OPTIMISTIC or PESSIMISTIC")
    return mode
