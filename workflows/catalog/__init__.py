"""The catalog: one file, read into values that never change. Policy as code."""
