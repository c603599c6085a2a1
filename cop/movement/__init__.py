"""May it move? Verdicts, times, clearances and conflicts of movements: pure functions of what the picture says."""
