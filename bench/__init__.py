"""How fast the cabinet is: `make bench`. Nothing here asserts; figures go to the docs."""
