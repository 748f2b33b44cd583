"""Certificates, enrolment and rollout of the fleet. Empty so far."""
