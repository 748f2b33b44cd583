"""Does with a dashboard's JSON what Grafana's InfluxDB data source does, as documented: variables, macros, InfluxQL
over HTTP, frames. Stricter than Grafana, which leaves in a query what it cannot resolve: here that is an error."""
