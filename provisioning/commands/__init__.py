"""The commands of watchkeeper-fleet, one file each: `NAME`, `HELP`, `add(parser)`, `run(options)`."""
