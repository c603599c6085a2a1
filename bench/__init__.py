"""Benchmarks: each prints JSON and compares with a baseline in the same run."""
