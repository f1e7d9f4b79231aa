"""The mapping language: written rules, compiled to closures that read and write."""
