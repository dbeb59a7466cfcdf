"""Measures acehls against its peers. Python's standard library only; `bench/run` is the way in."""
