"""What every process on one database works with and must agree on."""
