"""Several processes as one service: what they cost together, and how one stands in for another."""
