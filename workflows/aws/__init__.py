"""Every AWS call there is: typed, timed out, its errors translated once."""
