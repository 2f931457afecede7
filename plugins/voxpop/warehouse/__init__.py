"""Raw batches → the warehouse: what is new, dbt in process, one writer at a time."""
