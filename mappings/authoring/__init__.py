"""Making, testing and comparing maps: what an integrator does before a map reads anything that matters."""
