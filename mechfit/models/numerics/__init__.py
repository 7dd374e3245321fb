"""Numerics that all simulators share: single precision, counter-based noise, the CUDA compiler."""
