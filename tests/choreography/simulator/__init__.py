"""The choreography in one thread: one seed, a virtual clock, the real stages, and every fault the cloud may bring."""
