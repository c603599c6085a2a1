"""Invented traffic that speaks the real formats, so that every feed can be tried without its nation's service."""
