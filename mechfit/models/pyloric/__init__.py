"""The pyloric circuit of the crab: equations, their compiled loops, and how its rhythm breaks."""
