"""One folder per inbound wire format: pure translations between it and the canonical shapes."""
