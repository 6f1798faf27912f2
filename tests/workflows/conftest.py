from tests.laptop.conftest import launch, servers

__all__ = ["launch", "servers"]
