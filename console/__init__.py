"""The face: command line, REST API and pages."""
