"""What things look like and say: one file a layer, found by its presence in this folder."""
