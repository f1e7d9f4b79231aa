"""Connectors: transports, syntaxes, manifests and partner profiles."""
