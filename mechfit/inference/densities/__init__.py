"""Conditional densities q(theta | x): flows, mixture density networks, and their parts."""
