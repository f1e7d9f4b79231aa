"""Local stand-ins that behave as the systems do which we connect to: for the demo, for tests, for work offline."""
