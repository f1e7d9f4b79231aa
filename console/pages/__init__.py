"""The web console: rendered here, without script, build step or outside host."""
