"""Networks ready to run, behind one small protocol."""
