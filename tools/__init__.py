"""What the project needs to keep itself in order; not part of the product."""
