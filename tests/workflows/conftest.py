from laptop.tests.conftest import launch, servers

__all__ = ["launch", "servers"]
