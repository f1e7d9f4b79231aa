"""What the API and the pages stand on: the server, who is asking, what they may see, how errors are told."""
