"""What the choreography remembers in Firestore, and the pure state machines that decide over it."""
