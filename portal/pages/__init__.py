"""Facts → HTML. A page is complete without a script; scripts get their data from one JSON block."""
