"""Stand-ins for the outside world: servers on loopback that speak the vendors' wire formats."""
