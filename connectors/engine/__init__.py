"""The engine that runs connector manifests: requests from templates, answers judged by tables, one effect a key."""
