"""The integrator's tools over one configuration: they read samples and cases, and change nothing."""
