"""How billing's data get in: sets of CSV files, version 1 of the exchange format."""
