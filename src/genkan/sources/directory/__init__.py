"""A directory of manifests as a source: read once, watched from then on, believed with the care that half-written files need."""
