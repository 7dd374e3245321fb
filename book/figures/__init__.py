"""Figures that a single chapter draws, composed of the parts of `mechfit.figures`."""
