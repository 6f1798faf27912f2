"""The main job: publish one tick, then only watch until the model is there, and compare what came out with the truth."""
