"""Neurons with a shape: trees of compartments joined by axial resistance."""
