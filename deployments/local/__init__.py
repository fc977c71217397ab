"""Tools of development alone: the set-up of a machine, the local stack, the demo, the images."""
