"""``darkroom report``, and the options of every command that writes one."""
