"""What the dashboards show: played and drawn by us against a real InfluxDB, for there is no Grafana here."""
