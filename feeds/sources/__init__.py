"""One file a feed: each module here has a `SOURCE` of type `feeds.adapter.Source` and is found by its presence."""
