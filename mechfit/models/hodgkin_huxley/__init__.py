"""The Hodgkin–Huxley model: equations, their compiled loops, and recordings of real cells."""
