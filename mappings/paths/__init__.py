"""How each family of trees is addressed."""
