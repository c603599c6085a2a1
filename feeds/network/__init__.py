"""Where do networks come from? From packages and registers, from an OpenStreetMap extract, from kept files."""
