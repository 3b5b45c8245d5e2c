"""The commands, one module a group. Nothing heavy is imported before a command runs, so that `--help` is quick."""
