"""The domain: what an event is, how events fold to a picture, and the bus that carries them."""
