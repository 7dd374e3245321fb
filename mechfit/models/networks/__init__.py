"""Neurons that integrate and fire."""
