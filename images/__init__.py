"""How the project's images are made; README.md says how, for people."""
