"""One suite for every port: what the functions' tests and the simulator stand on behaves as Google's clients do on the laptop."""
