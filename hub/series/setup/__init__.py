"""Makes an InfluxDB ready for a hub: databases or buckets, how long they keep, and who finds them."""
