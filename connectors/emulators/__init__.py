"""Stand-ins for systems outside, made of the same rooms, for the demo and the tests."""
