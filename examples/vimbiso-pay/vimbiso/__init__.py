"""Vimbiso Pay: the sample application of the delivery pipeline."""
