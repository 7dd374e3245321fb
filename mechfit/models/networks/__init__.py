"""Neurons that integrate and fire, alone and in networks."""
