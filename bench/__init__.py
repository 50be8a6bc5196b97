"""The benchmark: what a request costs in Darkroom, beside its upstream, a floor and its peers."""
