"""Tests in a virtual machine: what needs a kernel, disks and a power plug of its own. `make vm` runs them."""
