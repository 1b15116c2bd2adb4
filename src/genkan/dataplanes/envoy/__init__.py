"""The native driver: Genkan is Envoy's control plane, over delta ADS."""
