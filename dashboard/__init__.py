"""What people and programs see: the Dash pages, the push stream, the HTTP API and the `cop` command."""
