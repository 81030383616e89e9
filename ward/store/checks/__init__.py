"""What `hemvakt check` looks at in the store: one function a question, listed in `catalogue`. Reads only."""
