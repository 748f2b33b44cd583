"""What IT does for a whole fleet: watchkeeper-fleet, the containers and their set-up, the services of agent and hub."""
