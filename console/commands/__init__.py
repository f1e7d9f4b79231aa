"""The commands, a module a family; `console.cli` says how each is called."""
