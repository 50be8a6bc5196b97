"""The chaos programme: servers that are killed, disks that lose power, and the books afterwards."""
