"""The flow: intake, translate, route, deliver, schedule."""
