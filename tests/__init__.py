"""Tests, mirroring the source one to one."""
